//! Tells executions that a time has come.

use std::error::Error as StdError;

use async_trait::async_trait;
use trainyard_engine::Fact;
use trainyard_store::{Changes, WorkItem};

use super::{
    Executions,
    carry::{TIMERS, TimerWork},
    tell::{Extra, stand_still},
};
use crate::work::{Outcome, Worker};

/// Fires timers. A timer fires once: its work goes with the commit of what follows.
pub(super) struct Timers(pub(super) Executions);

#[async_trait]
impl Worker for Timers {
    const TOPIC: &'static str = TIMERS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn StdError + Send + Sync>> {
        let TimerWork { execution, timer, events } = match serde_json::from_str(&item.body) {
            Ok(work) => work,
            Err(error) => {
                tracing::error!(id = item.id, %error, "a timer that cannot be read is put aside");
                return Ok(Outcome::Finished(Changes::new()));
            }
        };
        let mut changes = Changes::new();
        changes.finish(item);
        let extra = Extra::always(changes).after(events);
        match self.0.tell(&execution, &Fact::TimerFired { timer }, extra).await {
            Ok(_) => Ok(Outcome::Settled),
            Err(error) => stand_still(error),
        }
    }
}
