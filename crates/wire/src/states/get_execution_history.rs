//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use trainyard_services::executions::{Direction, HistoryEvent};

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    execution_arn: String,
    max_results: Option<usize>,
    #[serde(default)]
    reverse_order: bool,
    next_token: Option<String>,
    include_execution_data: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    events: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.execution_arn)?;
    let limit = shape::page(input.max_results)?;
    let direction = if input.reverse_order { Direction::Backward } else { Direction::Forward };
    let page = context.services.executions.history(arn, direction, limit, input.next_token).await?;
    let whole = input.include_execution_data.unwrap_or(true);
    let events = page.events.iter().map(|event| show(event, whole)).collect();
    Ok(Output { events, next_token: page.next })
}

fn show(event: &HistoryEvent, whole: bool) -> Value {
    let mut shown = event.to_aws();
    shown["timestamp"] = json!(event.time);
    if !whole {
        let details = shown.as_object_mut().into_iter().flat_map(Map::values_mut);
        for details in details.filter_map(Value::as_object_mut) {
            details.retain(|name, _| {
                !["input", "inputDetails", "output", "outputDetails"].contains(&name.as_str())
            });
        }
    }
    shown
}
