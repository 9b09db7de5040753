//! One `AWS::Serverless::StateMachine`.

use std::collections::BTreeMap;

use super::{events, make::Make, roles};
use crate::{
    source::{Content, Cursor, Diagnostic, Node},
    template::Resource,
};

/// The state machine, its role unless it names one, and the rules and schedules of its events with their roles.
pub(super) fn expand(
    machine: &Resource,
    definitions: &BTreeMap<String, String>,
) -> Result<Vec<Resource>, Vec<Diagnostic>> {
    let (at, make) = (machine.cursor(), Make { at: machine.position });
    let known = [
        "Definition",
        "DefinitionUri",
        "DefinitionSubstitutions",
        "Name",
        "Type",
        "Role",
        "Policies",
        "Events",
        "Tags",
    ];
    let mut found = events::unknown(&at, "a SAM state machine", &known);
    let get = |key: &str| machine.properties.get(key).cloned();
    let tags = tags(&at, make, &mut found);
    let role = get("Role").is_none().then(|| roles::of_machine(machine, make, &tags, &mut found));
    if let (Some(policies), Some(_)) = (at.get("Policies"), get("Role")) {
        found.push(policies.key_error("`Role` and `Policies` cannot both be given"));
    }
    let (source, text) = definition(&at, make, definitions).unwrap_or_else(|wrong| {
        found.push(wrong);
        ("Definition", None)
    });
    let role_arn = get("Role").unwrap_or_else(|| make.arn_of(&format!("{}Role", machine.logical_id)));
    let properties = make.map([
        (source, text),
        ("DefinitionSubstitutions", get("DefinitionSubstitutions")),
        ("RoleArn", Some(role_arn)),
        ("StateMachineName", get("Name")),
        ("StateMachineType", get("Type")),
        ("Tags", Some(tags)),
    ]);
    let kind = "AWS::StepFunctions::StateMachine".to_owned();
    let mut made = vec![Resource { kind, properties, ..machine.clone() }];
    made.extend(role);
    if let Some(events) = at.get("Events") {
        found.extend(events.expect_map("`Events`").err());
        for (name, event) in events.entries() {
            match events::expand(name, &event, machine) {
                Ok(rules) => made.extend(rules),
                Err(wrong) => found.extend(wrong),
            }
        }
    }
    if found.is_empty() { Ok(made) } else { Err(found) }
}

/// The property that holds the definition, and its value.
fn definition(
    at: &Cursor<'_>,
    make: Make,
    definitions: &BTreeMap<String, String>,
) -> Result<(&'static str, Option<Node>), Diagnostic> {
    let (inline, uri) = match (at.get("Definition"), at.get("DefinitionUri")) {
        (Some(_), Some(uri)) => {
            return Err(uri.key_error("`Definition` and `DefinitionUri` cannot both be given"));
        }
        (None, None) => return Err(at.error("one of `Definition` and `DefinitionUri` must be given")),
        (inline, uri) => (inline, uri),
    };
    if let Some(inline) = inline {
        inline.expect_map("`Definition`")?;
        return Ok(("Definition", Some(inline.node.clone())));
    }
    let Some(uri) = uri else { return Ok(("Definition", None)) };
    match &uri.node.content {
        Content::Text(text) => match text.strip_prefix("s3://") {
            Some(place) => {
                let (bucket, key) =
                    place.split_once('/').ok_or_else(|| uri.error(format!("`{text}` names no object")))?;
                let place = make.map([("Bucket", Some(make.text(bucket))), ("Key", Some(make.text(key)))]);
                Ok(("DefinitionS3Location", Some(place)))
            }
            None => match definitions.get(text) {
                Some(definition) => Ok(("DefinitionString", Some(make.text(definition)))),
                None => Err(uri.error(format!("the definition `{text}` was not sent along"))),
            },
        },
        Content::Map(_) => Ok(("DefinitionS3Location", Some(uri.node.clone()))),
        _ => {
            Err(uri
                .error(format!("`DefinitionUri` must be a path or a place in S3, not {}", uri.node.kind())))
        }
    }
}

/// The tags as a list, SAM's own first.
fn tags(at: &Cursor<'_>, make: Make, found: &mut Vec<Diagnostic>) -> Node {
    let tag = |key: &str, value: Node| make.map([("Key", Some(make.text(key))), ("Value", Some(value))]);
    let mut tags = vec![tag("stateMachine:createdBy", make.text("SAM"))];
    if let Some(own) = at.get("Tags") {
        found.extend(own.expect_map("`Tags`").err());
        tags.extend(own.entries().map(|(key, value)| tag(key, value.node.clone())));
    }
    make.list(tags)
}
