//! What both operations on stacks show.

use serde::Serialize;
use trainyard_services::stacks::{Output, Stack};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StackName {
    stack_name: String,
    stack_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OutputShape {
    key: String,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl StackName {
    pub(super) fn of(stack: &Stack) -> Self {
        Self {
            stack_name: stack.name.clone(),
            stack_id: stack.id.to_string(),
            status: stack.status.as_str(),
            status_reason: stack.reason.clone(),
        }
    }
}

pub(super) fn outputs(stack: &Stack) -> Vec<OutputShape> {
    let shape = |Output { name: key, value, description }: Output| OutputShape { key, value, description };
    stack.outputs.iter().cloned().map(shape).collect()
}
