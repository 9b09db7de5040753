//! Answers a question that an execution waits with. A second answer is refused and says who gave the first.

use serde::{Deserialize, Serialize};

use super::shape::Shape;
use crate::{ApiError, Context};

/// As much as SageMaker takes for the same purpose (`ApprovalDescription`).
const LONGEST_COMMENT: usize = 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    id: String,
    approved: bool,
    comment: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    approval: Shape,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    if input.comment.as_ref().is_some_and(|comment| comment.chars().count() > LONGEST_COMMENT) {
        let message = format!("member `Comment` is longer than {LONGEST_COMMENT} characters");
        return Err(ApiError::invalid("ValidationException", message));
    }
    let Context { services, scope, principal, .. } = context;
    let question = (input.id.as_str(), input.approved);
    let approval = services.approvals.answer(scope, principal, question, input.comment).await?;
    Ok(Output { approval: approval.into() })
}
