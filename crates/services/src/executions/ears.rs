//! What executions hear on the bus: that something a task waits for has changed, and that somebody has answered an
//! approval.

use async_trait::async_trait;
use serde_json::{Value, json};
use trainyard_domain::{Event, Principal};

use super::{Answer, Error, Executions};
use crate::{
    approvals::{self, Approval, Approvals, Status},
    bus::Listener,
};

type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Listens for executions.
pub struct Ears(pub Executions);

#[async_trait]
impl Listener for Ears {
    fn name(&self) -> &'static str {
        "executions"
    }

    fn wants(&self, event: &Event) -> bool {
        let answered = event.source == "trainyard" && event.detail_type == approvals::ANSWERED;
        // Every execution tells of itself, and no task waits for another execution: their news is most of all news.
        let of_services = event.source.starts_with("aws.") && event.source != "aws.states";
        answered || (of_services && !event.resources.is_empty())
    }

    async fn hear(&self, event: &Event) -> Result<(), Trouble> {
        if event.detail_type == approvals::ANSWERED {
            return self.0.hear_answer(event).await;
        }
        for subject in &event.resources {
            for pending in self.0.waiting_for(subject).await? {
                self.0.observe(&pending).await?;
            }
        }
        Ok(())
    }
}

impl Executions {
    /// Answers the task that waits for the approval. If it waits no more, nothing is done: that the token is
    /// closed was told on its own.
    async fn hear_answer(&self, event: &Event) -> Result<(), Trouble> {
        let Some(id) = event.detail.get("id").and_then(Value::as_str) else { return Ok(()) };
        let approvals = Approvals::new(self.ground.clone());
        let approval = match approvals.get(&event.scope, id).await {
            Ok(approval) => approval,
            Err(approvals::Error::NoApproval(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let Some(answer) = answer(&approval) else { return Ok(()) };
        let by = Principal::root(&event.scope);
        match self.answer(&by, approval.token(), answer).await {
            Ok(()) => Ok(()),
            // Also when the same answer is heard again: then the task has gone on with it.
            Err(Error::TaskTimedOut | Error::InvalidToken) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn answer(approval: &Approval) -> Option<Answer> {
    let approvals::Answer { by, comment, .. } = approval.answer.as_ref()?;
    let said = json!({"approved": approval.status == Status::Approved, "by": by, "comment": comment});
    match approval.status {
        Status::Approved => Some(Answer::Success(said.to_string())),
        Status::Rejected => Some(Answer::Failure {
            error: Some("ApprovalRejected".to_owned()),
            cause: Some(said.to_string()),
        }),
        Status::Pending | Status::Expired => None,
    }
}
