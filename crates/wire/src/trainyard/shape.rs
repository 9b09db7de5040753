//! How a question is shown: everything but its token.

use serde::Serialize;
use serde_json::Value;
use trainyard_domain::{Arn, Timestamp};
use trainyard_services::approvals::Approval;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Shape {
    id: String,
    title: String,
    status: &'static str,
    requested_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_arn: Option<String>,
    detail: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_by: Option<Arn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

impl From<Approval> for Shape {
    fn from(approval: Approval) -> Self {
        let status = approval.status.as_str();
        let (answered_by, answered_at, comment) = match approval.answer {
            Some(answer) => (Some(answer.by), Some(answer.at), answer.comment),
            None => (None, None, None),
        };
        Self {
            id: approval.id,
            title: approval.title,
            status,
            requested_at: approval.requested,
            execution_arn: approval.execution,
            detail: approval.detail,
            answered_by,
            answered_at,
            comment,
        }
    }
}
