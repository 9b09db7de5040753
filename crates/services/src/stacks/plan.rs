//! From a template to the resources that are wanted. Pure but for the questions that a type asks its room.

use std::collections::BTreeMap;

use serde_json::Value;
use trainyard_domain::{Arn, Scope};
use trainyard_lang::{
    source::Diagnostic,
    template::{Env, Physical, Resource, Template, resolve},
};

use super::{
    names,
    resources::{self, Kind},
    shape,
    stack::{Made, Output},
};

/// What is deployed.
pub(super) struct Source<'a> {
    /// The template's text.
    pub template: &'a str,
    /// The template's name, for findings.
    pub file: &'a str,
    /// The files that it names, by the paths that it names.
    pub definitions: &'a BTreeMap<String, String>,
    /// The values of parameters that are given now.
    pub given: &'a BTreeMap<String, String>,
    /// Those that the stack had before.
    pub before: &'a BTreeMap<String, String>,
}

/// Where it is deployed.
pub(super) struct Target<'a> {
    /// Where.
    pub scope: &'a Scope,
    /// The stack's ARN.
    pub stack: &'a Arn,
    /// Its name.
    pub name: &'a str,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted {
    pub description: Option<String>,
    pub parameters: BTreeMap<String, String>,
    pub secret: Vec<String>,
    pub resources: Vec<Made>,
    pub outputs: Vec<Output>,
    /// For each resource, its place in the template, and the file that its definition is in.
    pub places: BTreeMap<String, Place>,
}

/// Where a resource stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    resource: Resource,
    file: String,
    /// The file of its definition.
    definition: Option<String>,
}

impl Place {
    /// A finding about the resource, or in the file of its definition.
    pub(super) fn error(&self, misfit: &shape::Misfit) -> Diagnostic {
        match (&self.definition, misfit.within) {
            (Some(file), Some(position)) => {
                Diagnostic { file: Some(file.clone()), ..Diagnostic::error(&misfit.message).at(position) }
            }
            _ => {
                let found = misfit.place(&self.resource.cursor(), &of(&self.resource));
                Diagnostic { file: Some(self.file.clone()), ..found }
            }
        }
    }
}

fn of(resource: &Resource) -> String {
    format!("`{}` ({})", resource.logical_id, resource.kind)
}

/// Reads the template and resolves all of it, or says everything that is wrong.
pub(super) fn plan(source: &Source<'_>, target: &Target<'_>) -> Result<Wanted, Vec<Diagnostic>> {
    let named = |found: Vec<Diagnostic>| {
        let file = |found| Diagnostic { file: Some(source.file.to_owned()), ..found };
        found.into_iter().map(file).collect::<Vec<_>>()
    };
    let draft = Template::draft(source.template.as_bytes()).map_err(named)?;
    let files: BTreeMap<String, String> =
        draft.definition_files().into_iter().map(|file| (file.logical_id, file.path)).collect();
    let (template, mut found) = draft.expand(source.definitions);
    let parameters = template.parameter_values(&given(&template, source));
    let parameters = parameters.map_err(|wrong| found.extend(wrong)).unwrap_or_default();
    check_shapes(&template, &mut found);
    if !found.is_empty() {
        found.sort_by_key(|d| d.position);
        return Err(named(found));
    }
    let mut env = Env {
        account_id: target.scope.account.to_string(),
        region: target.scope.region.to_string(),
        stack_name: target.name.to_owned(),
        stack_id: target.stack.to_string(),
        parameters,
        resources: BTreeMap::new(),
    };
    let resources = resources(&template, &mut env, target).map_err(named)?;
    let outputs = outputs(&template, &env).map_err(named)?;
    let place = |resource: &Resource| Place {
        resource: resource.clone(),
        file: source.file.to_owned(),
        definition: files.get(&resource.logical_id).cloned(),
    };
    Ok(Wanted {
        description: template.description.clone(),
        parameters: env.parameters.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        secret: template.parameters.iter().filter(|p| p.no_echo).map(|p| p.name.clone()).collect(),
        places: template.resources.iter().map(|r| (r.logical_id.clone(), place(r))).collect(),
        resources,
        outputs,
    })
}

/// What is given now, and for the rest what the stack had before, as `sam deploy` does it.
fn given(template: &Template, source: &Source<'_>) -> BTreeMap<String, String> {
    let known = |name: &String| template.parameters.iter().any(|parameter| parameter.name == *name);
    let before = source.before.iter().filter(|(name, _)| known(name));
    let mut given: BTreeMap<_, _> = before.map(|(name, value)| (name.clone(), value.clone())).collect();
    given.extend(source.given.clone());
    given
}

/// Types and properties that are not supported: all of them. What has no type, or one of SAM's, is wrong already.
fn check_shapes(template: &Template, found: &mut Vec<Diagnostic>) {
    for resource in &template.resources {
        match resources::of(&resource.kind) {
            Some(kind) => shape::unknown(&resource.cursor(), kind.shape(), &of(resource), found),
            None if resource.kind.is_empty() || resource.kind.starts_with("AWS::Serverless::") => {}
            None => found.push(resource.error(format!(
                "the resource `{}` has the type `{}`, which is not supported: there are {}",
                resource.logical_id,
                resource.kind,
                resources::names().join(", ")
            ))),
        }
    }
}

fn resources(template: &Template, env: &mut Env, target: &Target<'_>) -> Result<Vec<Made>, Vec<Diagnostic>> {
    let (mut made, mut found): (Vec<Made>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    let mut wrong: Vec<&str> = Vec::new();
    for resource in template.order()? {
        let Some(kind) = resources::of(&resource.kind) else { continue };
        // What refers to something that is wrong cannot be judged yet.
        if template.dependencies(resource).iter().any(|needed| wrong.contains(needed)) {
            wrong.push(&resource.logical_id);
            continue;
        }
        match one(resource, kind, env, target) {
            Ok(one) => {
                if let Some(twin) = made.iter().find(|other| super::decide::is_same(other, &one)) {
                    let words = format!(
                        "`{}` is the same as `{}`: {}",
                        one.logical_id, twin.logical_id, one.physical_id
                    );
                    found.push(resource.error(words));
                }
                note(env, &one);
                made.push(one);
            }
            Err(findings) => {
                found.extend(findings);
                wrong.push(&resource.logical_id);
            }
        }
    }
    found.sort_by_key(|d| d.position);
    if found.is_empty() { Ok(made) } else { Err(found) }
}

fn note(env: &mut Env, made: &Made) {
    let physical = Physical { id: made.physical_id.clone(), attributes: made.attributes.clone() };
    env.resources.insert(made.logical_id.clone(), physical);
}

fn one(
    resource: &Resource,
    kind: &dyn Kind,
    env: &Env,
    target: &Target<'_>,
) -> Result<Made, Vec<Diagnostic>> {
    let at = resource.cursor();
    let properties = resolve(&at, env)?;
    let planned = kind.plan(&resources::Order::of(target, resource), &properties);
    let (physical, properties) = planned.map_err(|misfit| vec![misfit.place(&at, &of(resource))])?;
    Ok(Made {
        logical_id: resource.logical_id.clone(),
        kind: resource.kind.clone(),
        physical_id: physical.id,
        attributes: physical.attributes,
        properties,
    })
}

fn outputs(template: &Template, env: &Env) -> Result<Vec<Output>, Vec<Diagnostic>> {
    let (mut outputs, mut found) = (Vec::new(), Vec::new());
    for output in &template.outputs {
        let pointer = trainyard_lang::source::Pointer::root().key("Outputs").key(&output.name).key("Value");
        let at =
            trainyard_lang::source::Cursor { node: &output.value, pointer, named_at: output.value.start };
        match resolve(&at, env) {
            Ok(value) => outputs.push(Output {
                name: output.name.clone(),
                value: text(&value),
                description: output.description.clone(),
            }),
            Err(wrong) => found.extend(wrong),
        }
    }
    if found.is_empty() { Ok(outputs) } else { Err(found) }
}

/// A scalar as text; a list as CloudFormation writes it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// A name that is given, or one that follows from the stack.
pub(super) fn name(given: Option<&shape::Text>, order: &resources::Order<'_>, longest: usize) -> String {
    match given {
        Some(shape::Text(name)) => name.clone(),
        None => names::generated(order.stack, order.logical_id, longest),
    }
}
