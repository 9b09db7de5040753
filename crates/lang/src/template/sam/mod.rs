//! SAM's `AWS::Serverless::StateMachine` as the resources that SAM's transform makes of it, under the same names.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html>

mod events;
mod make;
mod roles;
mod schedules;
mod state_machine;

use std::collections::{BTreeMap, BTreeSet};

use super::{Resource, Template};
use crate::source::{Diagnostic, Position};

const STATE_MACHINE: &str = "AWS::Serverless::StateMachine";

/// A definition that stands in a file of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionFile {
    /// The state machine.
    pub logical_id: String,
    /// The path as the template has it.
    pub path: String,
    /// Where the template has it.
    pub position: Position,
}

pub(super) fn definition_files(template: &Template) -> Vec<DefinitionFile> {
    let machines = template.resources.iter().filter(|r| r.kind == STATE_MACHINE);
    machines
        .filter_map(|machine| {
            let uri = machine.properties.get("DefinitionUri")?;
            let path = uri.as_text().filter(|text| !text.starts_with("s3://"))?;
            Some(DefinitionFile {
                logical_id: machine.logical_id.clone(),
                path: path.to_owned(),
                position: uri.start,
            })
        })
        .collect()
}

/// Whether the type is one of SAM's.
pub(super) fn is_sams(kind: &str) -> bool {
    kind.starts_with("AWS::Serverless::")
}

/// The template without SAM's types, but for those that something is wrong with.
pub(super) fn expand(
    template: &Template,
    definitions: &BTreeMap<String, String>,
) -> (Template, Vec<Diagnostic>) {
    let (mut resources, mut found) = (Vec::new(), Vec::new());
    for resource in &template.resources {
        let made = match resource.kind.as_str() {
            STATE_MACHINE if template.serverless => state_machine::expand(resource, definitions),
            kind if !is_sams(kind) => Ok(vec![resource.clone()]),
            kind if template.serverless => Err(vec![resource.error(format!(
                "the resource `{}` has the type `{kind}`, which is not supported, only {STATE_MACHINE} is of SAM's types",
                resource.logical_id
            ))]),
            kind => Err(vec![resource.error(format!(
                "the type `{kind}` of `{}` needs `Transform: AWS::Serverless-2016-10-31`",
                resource.logical_id
            ))]),
        };
        match made {
            Ok(made) => resources.extend(made),
            Err(wrong) => {
                resources.push(resource.clone());
                found.extend(wrong);
            }
        }
    }
    found.extend(name_clashes(template, &resources));
    (Template { serverless: false, resources, ..template.clone() }, found)
}

/// A generated resource must not have the name of another one or of a parameter.
fn name_clashes(template: &Template, resources: &[Resource]) -> Vec<Diagnostic> {
    let mut seen: BTreeSet<&str> = template.parameters.iter().map(|p| p.name.as_str()).collect();
    let twice = resources.iter().filter(|r| !seen.insert(&r.logical_id));
    twice
        .map(|r| r.error(format!("the name `{}` is that of a resource that SAM generates", r.logical_id)))
        .collect()
}
