//! Ends what tasks began when nobody waits for it any more.

use std::error::Error as StdError;

use async_trait::async_trait;
use trainyard_store::{Changes, Expect, WorkItem};

use super::{
    Executions,
    carry::{CANCELS, CancelWork},
    news,
    pending::{OBSERVATIONS, Pending},
    task::TaskError,
};
use crate::{
    bus,
    work::{Outcome, Worker},
};

/// Ends what was begun; tells that a token is closed.
pub(super) struct Cancels(pub(super) Executions);

#[async_trait]
impl Worker for Cancels {
    const TOPIC: &'static str = CANCELS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn StdError + Send + Sync>> {
        let token = &item.id;
        let work: CancelWork = serde_json::from_str(&item.body)?;
        let store = &self.0.ground.store;
        let mut changes = Changes::new();
        if let Some(held) = store.get::<Pending>("", token).await? {
            let Pending { call, started, .. } = &held.value;
            let task =
                self.0.task(&call.resource).ok_or_else(|| format!("there is no task {}", call.resource))?;
            match task.cancel(call, Some(started)).await {
                Ok(()) => {}
                // It cannot be ended, which mostly means that it is over.
                Err(TaskError::Failed(failure)) => {
                    tracing::info!(task = call.resource, %failure, "a task that nobody waits for is not ended");
                }
                Err(TaskError::Trouble(why)) => return Err(why.into()),
            }
            changes.delete::<Pending>("", token, Expect::Any).cancel(OBSERVATIONS, token);
        }
        // A task that has not been called yet is left to the one who calls: that one sees that nobody waits.
        if work.shown
            && let Some(event) = news::token_closed(&work.execution, token, self.0.ground.now())
        {
            bus::tell(&mut changes, &event)?;
        }
        Ok(Outcome::Finished(changes))
    }
}
