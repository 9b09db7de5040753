//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use trainyard_domain::{Arn, Scope};
use trainyard_lang::{
    asl::Diagnostic,
    source::{Pointer, read_json},
    template::{Physical, substitute},
};

use super::{Call, Kind, Order, named, physical};
use crate::{
    executions::{self, MachineSpec, MachineType, MachineUpdate},
    stacks::{
        Error, Made, Neighbours,
        plan::name,
        shape::{Misfit, Shape, TAGS, Tag, Text, read},
    },
};

pub(super) struct StateMachine;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    state_machine_name: Option<Text>,
    state_machine_type: Option<Text>,
    definition: Option<serde_json::Map<String, Value>>,
    definition_string: Option<String>,
    #[serde(default)]
    definition_substitutions: BTreeMap<String, Text>,
    role_arn: Text,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// What the room is told, with the definition in full.
fn spec(properties: &Value) -> Result<MachineSpec, Misfit> {
    let read: Properties = read(properties)?;
    let text = match (read.definition, read.definition_string) {
        (Some(definition), None) => Value::Object(definition).to_string(),
        (None, Some(text)) => text,
        _ => return Err(Misfit::at(&[], "one of Definition and DefinitionString must be given")),
    };
    let values = read.definition_substitutions.into_iter().map(|(name, Text(value))| (name, value)).collect();
    Ok(MachineSpec {
        name: read.state_machine_name.map(|Text(name)| name).unwrap_or_default(),
        definition: substitute(&text, &values),
        role: read.role_arn.0,
        kind: read.state_machine_type.map(|Text(kind)| kind_of(&kind)).transpose()?.unwrap_or_default(),
        tags: read.tags.into_iter().map(|Tag { key, value: Text(value) }| (key, value)).collect(),
        ..MachineSpec::default()
    })
}

fn kind_of(text: &str) -> Result<MachineType, Misfit> {
    match text {
        "STANDARD" => Ok(MachineType::Standard),
        "EXPRESS" => Ok(MachineType::Express),
        other => Err(Misfit::at(&["StateMachineType"], format!("{other} is neither STANDARD nor EXPRESS"))),
    }
}

#[async_trait]
impl Kind for StateMachine {
    fn name(&self) -> &'static str {
        "AWS::StepFunctions::StateMachine"
    }

    fn shape(&self) -> Shape {
        Shape::Map(&[
            ("StateMachineName", Shape::Any),
            ("StateMachineType", Shape::Any),
            ("Definition", Shape::Any),
            ("DefinitionString", Shape::Any),
            ("DefinitionSubstitutions", Shape::Any),
            ("RoleArn", Shape::Any),
            ("Tags", TAGS),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let spec = spec(properties)?;
        let given = Some(Text(spec.name)).filter(|Text(name)| !name.is_empty());
        let name = name(given.as_ref(), order, 80);
        let arn = Arn::new("states", order.scope, format!("stateMachine:{name}")).to_string();
        let attributes = [("Arn", arn.clone()), ("Name", name.clone())];
        Ok((physical(&arn, attributes), named(properties, "StateMachineName", &name)))
    }

    fn check(&self, there: &Neighbours, _: &Scope, made: &Made) -> Vec<Misfit> {
        let Ok(spec) = spec(&made.properties) else { return Vec::new() };
        match there.executions.check_definition(&spec.definition) {
            Ok(_) => Vec::new(),
            Err(executions::Error::InvalidDefinition(found)) => {
                let root = read_json(spec.definition.as_bytes()).ok();
                let place = |found: &Diagnostic| {
                    let pointer =
                        Pointer::from(found.pointer.as_deref().unwrap_or_default().trim_end_matches('/'));
                    root.as_ref().map(|root| root.locate(&pointer))
                };
                let misfit = |found: &Diagnostic| Misfit {
                    within: place(found),
                    ..Misfit::at(&["Definition"], found.to_string())
                };
                found.iter().map(misfit).collect()
            }
            Err(error) => vec![Misfit::at(&["Definition"], error.to_string())],
        }
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        match there.executions.describe_machine(&call.made.physical_id).await {
            Ok(_) => Ok(true),
            Err(executions::Error::NoMachine(_)) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let spec = spec(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let (tags, arn) = (spec.tags.clone(), &call.made.physical_id);
        let what = MachineUpdate {
            definition: Some(spec.definition.clone()),
            role: Some(spec.role.clone()),
            ..MachineUpdate::default()
        };
        match there.executions.create_machine(call.scope, call.by, spec).await {
            Ok(_) => {}
            Err(executions::Error::MachineExists(_)) => {
                there.executions.update_machine(call.by, arn, what).await.map_err(Error::of)?;
            }
            Err(error) => return Err(Error::of(error)),
        }
        let there_now = there.executions.describe_machine(arn).await.map_err(Error::of)?.machine.tags;
        let gone: Vec<String> = there_now
            .iter()
            .filter(|(key, _)| !tags.iter().any(|(new, _)| new == key))
            .map(|(key, _)| key.clone())
            .collect();
        if gone.is_empty() && tags.iter().all(|tag| there_now.contains(tag)) {
            return Ok(());
        }
        there.executions.tag(call.by, arn, tags, &gone).await.map_err(Error::of)
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        there.executions.delete_machine(call.by, &call.made.physical_id).await.map_err(Error::of)
    }
}
