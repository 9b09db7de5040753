//! Questions that executions wait with.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answered, TRAINYARD};
use crate::client::Client;

/// A question.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Approval {
    /// Short and speakable.
    pub id: String,
    /// What is asked.
    pub title: String,
    /// `Pending`, `Approved`, `Rejected` or `Expired`.
    pub status: String,
    /// When it was asked, in seconds since 1970.
    pub requested_at: f64,
    /// The execution that waits.
    pub execution_arn: Option<String>,
    /// The particulars.
    #[serde(default)]
    pub detail: Value,
    /// Who answered.
    pub answered_by: Option<String>,
}

/// The questions that stand so, the latest first; all without a status.
pub(crate) async fn list(client: &Client, status: Option<&str>) -> Answered<Vec<Approval>> {
    let input = status.map_or_else(|| json!({}), |status| json!({"Status": status}));
    TRAINYARD.all(client, "ListApprovals", input, "Approvals").await
}

/// The questions that this execution asked, the latest first.
pub(crate) async fn of_execution(client: &Client, arn: &str) -> Answered<Vec<Approval>> {
    let all = list(client, None).await?;
    Ok(all.into_iter().filter(|approval| approval.execution_arn.as_deref() == Some(arn)).collect())
}

/// Answers one.
pub(crate) async fn answer(
    client: &Client,
    id: &str,
    approved: bool,
    comment: Option<&str>,
) -> Answered<Approval> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        approval: Approval,
    }
    let mut input = json!({"Id": id, "Approved": approved});
    if let Some(comment) = comment {
        input["Comment"] = comment.into();
    }
    let output: Output = TRAINYARD.ask(client, "AnswerApproval", input).await?;
    Ok(output.approval)
}
