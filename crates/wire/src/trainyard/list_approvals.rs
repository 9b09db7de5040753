//! The questions that executions ask people, the latest first; with a status, only those that stand so.

use serde::{Deserialize, Serialize};
use trainyard_services::approvals::Status;

use super::shape::Shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    status: Option<Status>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    approvals: Vec<Shape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let approvals = &context.services.approvals;
    let (page, next_token) = approvals.list(&context.scope, input.status, input.next_token).await?;
    Ok(Output { approvals: page.into_iter().map(Shape::from).collect(), next_token })
}
