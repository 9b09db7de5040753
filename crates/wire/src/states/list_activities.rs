//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListActivities.html>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    activities: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let limit = shape::page(input.max_results)?;
    let token = shape::token(input.next_token)?;
    let executions = &context.services.executions;
    let (activities, next_token) = executions.list_activities(&context.scope, limit, token).await?;
    let shown = activities.iter().map(|activity| {
        json!({"activityArn": activity.arn(), "name": activity.name, "creationDate": activity.created})
    });
    Ok(Output { activities: shown.collect(), next_token })
}
