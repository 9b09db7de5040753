//! Map runs of distributed Map states.

use std::error::Error as StdError;

use async_trait::async_trait;
use trainyard_domain::Failure;
use trainyard_engine::Fact;
use trainyard_store::{Changes, WorkItem};

use super::{
    Executions,
    carry::{MAP_RUNS, MapRunWork},
    tell::{Extra, stand_still},
};
use crate::work::{Outcome, Worker};

/// Carries out map runs: there are none yet, so each fails by name.
pub(super) struct MapRuns(pub(super) Executions);

#[async_trait]
impl Worker for MapRuns {
    const TOPIC: &'static str = MAP_RUNS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn StdError + Send + Sync>> {
        let MapRunWork { execution, call } = match serde_json::from_str(&item.body) {
            Ok(work) => work,
            Err(error) => {
                tracing::error!(id = item.id, %error, "a map run that cannot be read is put aside");
                return Ok(Outcome::Finished(Changes::new()));
            }
        };
        let cause = format!("The map run of the state '{}' cannot be carried out here.", call.state_name);
        let fact = Fact::MapRunFailed { token: call.token, failure: Failure::new("States.Runtime", cause) };
        let mut changes = Changes::new();
        changes.finish(item);
        match self.0.tell(&execution, &fact, Extra::always(changes)).await {
            Ok(_) => Ok(Outcome::Settled),
            Err(error) => stand_still(error),
        }
    }
}
