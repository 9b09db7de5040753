//! Which resource comes before which.

use std::collections::BTreeSet;

use super::{Resource, Template, references};
use crate::source::Diagnostic;

/// What the properties and `DependsOn` of a resource name, without itself.
pub(super) fn dependencies<'a>(template: &'a Template, resource: &Resource) -> Vec<&'a str> {
    let (references, _) = references::under(&resource.cursor());
    let named: BTreeSet<&str> = references
        .iter()
        .map(|r| r.name.as_str())
        .chain(resource.depends_on.iter().map(String::as_str))
        .collect();
    let ids = template.resources.iter().map(|r| r.logical_id.as_str());
    ids.filter(|id| named.contains(id) && *id != resource.logical_id).collect()
}

/// The resources, each behind its dependencies, else in the order of the text.
pub(super) fn order(template: &Template) -> Result<Vec<&Resource>, Vec<Diagnostic>> {
    let mut waiting: Vec<(&Resource, Vec<&str>)> =
        template.resources.iter().map(|r| (r, dependencies(template, r))).collect();
    let (mut done, mut ordered) = (BTreeSet::new(), Vec::new());
    loop {
        let ready = waiting.iter().position(|(_, needs)| needs.iter().all(|need| done.contains(need)));
        match ready {
            Some(at) => {
                let (resource, _) = waiting.remove(at);
                done.insert(resource.logical_id.as_str());
                ordered.push(resource);
            }
            None if waiting.is_empty() => return self_references(template).map_or(Ok(ordered), Err),
            None => return Err(vec![circle(&waiting)]),
        }
    }
}

/// One circle among resources that all wait for each other.
fn circle(waiting: &[(&Resource, Vec<&str>)]) -> Diagnostic {
    let mut path: Vec<&Resource> = vec![waiting[0].0];
    loop {
        let last = path[path.len() - 1];
        let needs = waiting.iter().find(|(r, _)| r.logical_id == last.logical_id).map(|(_, needs)| needs);
        let next = waiting.iter().find(|(r, _)| needs.is_some_and(|n| n.contains(&r.logical_id.as_str())));
        let Some((next, _)) = next else { break };
        if let Some(start) = path.iter().position(|r| r.logical_id == next.logical_id) {
            path.drain(..start);
            break;
        }
        path.push(next);
    }
    let mut names: Vec<_> = path.iter().map(|r| r.logical_id.as_str()).collect();
    names.extend(path.first().map(|r| r.logical_id.as_str()));
    path[0].error(format!("the resources need each other in a circle: {}", names.join(" → ")))
}

/// Resources that refer to themselves.
fn self_references(template: &Template) -> Option<Vec<Diagnostic>> {
    let mut found = Vec::new();
    for resource in &template.resources {
        let (references, _) = references::under(&resource.cursor());
        if references.iter().any(|r| r.name == resource.logical_id)
            || resource.depends_on.contains(&resource.logical_id)
        {
            found.push(resource.error(format!("the resource `{}` refers to itself", resource.logical_id)));
        }
    }
    (!found.is_empty()).then_some(found)
}
