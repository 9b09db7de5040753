//! `DescribeStack`: a stack as it is. Values of secret parameters are not shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::stacks::{Made, Moment};

use super::stack::{OutputShape, StackName, outputs};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    stack_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    #[serde(flatten)]
    stack: StackName,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    creation_time: Timestamp,
    last_updated_time: Timestamp,
    parameters: BTreeMap<String, String>,
    resources: Vec<ResourceShape>,
    outputs: Vec<OutputShape>,
    events: Vec<EventShape>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceShape {
    logical_id: String,
    resource_type: String,
    physical_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EventShape {
    time: Timestamp,
    logical_id: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let stack = context.services.stacks.describe(&context.scope, &input.stack_name).await?;
    let shown = |name: &String, value: &String| {
        if stack.secret.contains(name) { "****".into() } else { value.clone() }
    };
    Ok(Output {
        stack: StackName::of(&stack),
        description: stack.description.clone(),
        creation_time: stack.created,
        last_updated_time: stack.updated,
        parameters: stack.parameters.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect(),
        outputs: outputs(&stack),
        resources: stack.resources.into_iter().map(ResourceShape::from).collect(),
        events: stack.moments.into_iter().map(EventShape::from).collect(),
    })
}

impl From<Made> for ResourceShape {
    fn from(Made { logical_id, kind: resource_type, physical_id, .. }: Made) -> Self {
        Self { logical_id, resource_type, physical_id }
    }
}

impl From<Moment> for EventShape {
    fn from(Moment { at: time, logical_id, status, reason }: Moment) -> Self {
        Self { time, logical_id, status, reason }
    }
}
