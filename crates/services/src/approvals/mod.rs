//! Approvals: questions that a person must answer before an execution goes on.
//!
//! An execution asks by an event `Approval Requested` whose detail carries its task token (`events:putEvents` with
//! `.waitForTaskToken`); this room hears it and keeps the question. The answer is told in the same commit as it is
//! kept, and executions hear it and answer the task. The token is a secret: it is never shown, logged or told.

mod ears;
mod error;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use trainyard_domain::{
    Arn, Event, Principal, Scope, Timestamp,
    event::{DEFAULT_BUS, Way},
    hex,
};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, Keys, List, Noun};

pub use ears::Ears;
pub use error::Error;

use crate::{audit, bus, ground::Ground};

/// The detail-type that asks.
pub const REQUESTED: &str = "Approval Requested";
/// The detail-type of an answer.
pub const ANSWERED: &str = "Approval Answered";
/// The detail-type of the news that nobody waits for a task token any more; `detail.tokenDigest` says which.
pub const TOKEN_CLOSED: &str = "Task Token Closed";

/// A question.
#[derive(Clone, Serialize, Deserialize)]
pub struct Approval {
    /// Where.
    pub scope: Scope,
    /// Short and speakable, such as `lusab-dakim`.
    pub id: String,
    /// The event that asked.
    pub event: String,
    /// What is asked, in one line.
    pub title: String,
    /// The particulars that the asker gave, without the token.
    pub detail: Value,
    /// The execution that waits.
    pub execution: Option<String>,
    /// When it was asked.
    pub requested: Timestamp,
    /// How it stands.
    pub status: Status,
    /// The answer.
    #[serde(default)]
    pub answer: Option<Answer>,
    token: String,
}

/// How a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Nobody has answered.
    Pending,
    /// Yes.
    Approved,
    /// No.
    Rejected,
    /// Nobody waits for an answer any more.
    Expired,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Who.
    pub by: Arn,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub comment: Option<String>,
}

impl Status {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Approved => "Approved",
            Self::Rejected => "Rejected",
            Self::Expired => "Expired",
        }
    }
}

impl Approval {
    /// The token of the task that waits: only for whoever answers the task.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

/// Shows everything but the token.
impl std::fmt::Debug for Approval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { scope, id, title, execution, status, answer, .. } = self;
        let mut shown = f.debug_struct("Approval");
        shown.field("scope", scope).field("id", id).field("title", title).field("execution", execution);
        shown.field("status", status).field("answer", answer).finish_non_exhaustive()
    }
}

impl Noun for Approval {
    const KIND: &'static str = "approval";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        let requested = format!("{:019}", self.requested.millis().max(0));
        keys.add("status", format!("{}/{requested}", self.status.as_str()));
        keys.add("requested", requested);
        keys.add("token", token_digest(&self.token));
    }
}

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Approvals {
    ground: Ground,
}

impl Approvals {
    /// On this ground.
    pub fn new(ground: Ground) -> Self {
        Self { ground }
    }

    /// One page of questions, the latest first; with a status, only those that stand so.
    pub async fn list(
        &self,
        scope: &Scope,
        status: Option<Status>,
        after: Option<String>,
    ) -> Result<(Vec<Approval>, Option<String>), Error> {
        let list = List::in_scope(scope).descending(true).after(after);
        let list = match status {
            None => list.by("requested"),
            Some(status) => {
                let prefix = format!("{}/", status.as_str());
                list.by("status").within(trainyard_store::Range::prefix(&prefix))
            }
        };
        let page = self.ground.store.list(list).await?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }

    /// The question of that id.
    pub async fn get(&self, scope: &Scope, id: &str) -> Result<Approval, Error> {
        Ok(self.held(scope, id).await?.value)
    }

    /// Answers. A second answer is refused and says who gave the first.
    pub async fn answer(
        &self,
        scope: &Scope,
        by: &Principal,
        (id, approved): (&str, bool),
        comment: Option<String>,
    ) -> Result<Approval, Error> {
        let Held { version, value: mut approval } = self.held(scope, id).await?;
        if approval.status != Status::Pending {
            return Err(Error::NotPending(Box::new(approval)));
        }
        let now = self.ground.now();
        approval.status = if approved { Status::Approved } else { Status::Rejected };
        approval.answer = Some(Answer { by: by.arn.clone(), at: now, comment });
        let mut changes = Changes::new();
        changes.put(&approval, Expect::Version(version))?;
        bus::tell(&mut changes, &answered(&approval, self.ground.uuid(), now))?;
        let action = if approved { "trainyard:Approve" } else { "trainyard:Reject" };
        audit::note(&mut changes, &self.ground, by, action, format!("approval/{id}"))?;
        match self.ground.store.commit(changes).await {
            Ok(()) => Ok(approval),
            Err(StoreError::Conflict(_)) => Err(Error::NotPending(Box::new(self.get(scope, id).await?))),
            Err(error) => Err(error.into()),
        }
    }

    /// Nobody waits for the answer any more. An answer that was given stays on it, with who gave it.
    pub async fn expire(&self, scope: &Scope, id: &str) -> Result<(), Error> {
        let Held { version, value: mut approval } = self.held(scope, id).await?;
        if approval.status == Status::Expired {
            return Ok(());
        }
        approval.status = Status::Expired;
        let mut changes = Changes::new();
        changes.put(&approval, Expect::Version(version))?;
        Ok(self.ground.store.commit(changes).await?)
    }

    async fn held(&self, scope: &Scope, id: &str) -> Result<Held<Approval>, Error> {
        let held = self.ground.store.get(&scope.to_string(), id).await?;
        held.ok_or_else(|| Error::NoApproval(id.to_owned()))
    }
}

fn answered(approval: &Approval, id: String, now: Timestamp) -> Event {
    let Approval { scope, status, answer, execution, .. } = approval;
    Event {
        id,
        scope: scope.clone(),
        bus: DEFAULT_BUS.to_owned(),
        time: now,
        source: "trainyard".to_owned(),
        detail_type: ANSWERED.to_owned(),
        way: Way::default(),
        resources: execution.iter().cloned().collect(),
        detail: json!({
            "id": approval.id,
            "title": approval.title,
            "status": status.as_str(),
            "approved": *status == Status::Approved,
            "by": answer.as_ref().map(|answer| &answer.by),
            "comment": answer.as_ref().and_then(|answer| answer.comment.as_ref()),
            "executionArn": execution,
        }),
    }
}

/// By what a token is known where the token itself must not stand.
pub fn token_digest(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}
