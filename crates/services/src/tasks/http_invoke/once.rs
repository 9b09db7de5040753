//! A call that must not have its effect twice is noted before it is made. A server that ends in the middle cannot know
//! whether the API has done what it was asked to: the call is not made again, and the state machine's own Retry
//! decides.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use trainyard_domain::Failure;
use trainyard_store::{Changes, Error as StoreError, Expect, Keys, Noun, WorkItem};

use crate::{
    executions::task::{Call, TaskError},
    ground::Ground,
    work::{Outcome, Worker},
};

/// The topic of notes that are over.
const TOPIC: &str = "http-calls-made";

/// No call is taken up again after this time.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// The call of this token was made, or is being made.
#[derive(Serialize, Deserialize)]
struct Note {
    token: String,
}

impl Noun for Note {
    const KIND: &'static str = "http-call-made";

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        self.token.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

/// Whether a call of this method can be made again and nothing more comes of it: HTTP says so of all but these.
fn is_repeatable(method: &str) -> bool {
    !matches!(method, "POST" | "PATCH")
}

/// An express execution is not taken up after a crash, and notes nothing.
fn is_express(call: &Call) -> bool {
    call.execution.resource_of("express").is_some()
}

/// Notes that the call is made, or says that it was being made when the server ended.
pub(super) async fn begin(ground: &Ground, call: &Call, method: &str) -> Result<(), TaskError> {
    if is_repeatable(method) || is_express(call) {
        return Ok(());
    }
    let mut changes = Changes::new();
    let trouble = |error: StoreError| TaskError::Trouble(error.to_string());
    changes.put(&Note { token: call.token.clone() }, Expect::Absent).map_err(trouble)?;
    changes.schedule(WorkItem::at(TOPIC, call.token.clone(), ground.now().plus(KEPT), ""));
    match ground.store.commit(changes).await {
        Err(StoreError::Conflict(_)) => {
            let cause = format!(
                "the server ended while this {method} was being made: whether the API has done it is not known, and it \
                 is not made again by itself"
            );
            Err(TaskError::Failed(Failure::new("States.Http.Socket", cause)))
        }
        other => other.map_err(trouble),
    }
}

/// Nothing was sent: the call may be made later.
pub(super) async fn undo(ground: &Ground, call: &Call) -> Result<(), TaskError> {
    let mut changes = Changes::new();
    changes.delete::<Note>("", &call.token, Expect::Any).cancel(TOPIC, &call.token);
    ground.store.commit(changes).await.map_err(|error| TaskError::Trouble(error.to_string()))
}

/// Lets go of notes that nobody asks for any more.
pub struct Made;

#[async_trait]
impl Worker for Made {
    const TOPIC: &'static str = TOPIC;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
        let mut changes = Changes::new();
        changes.delete::<Note>("", &item.id, Expect::Any);
        Ok(Outcome::Finished(changes))
    }
}
