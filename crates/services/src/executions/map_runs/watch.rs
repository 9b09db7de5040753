//! The loop that carries out map runs: one turn after another, each of one commit, as far as it can go.

use std::{error::Error as StdError, time::Duration};

use async_trait::async_trait;
use trainyard_store::{Changes, Error as StoreError, Expect, Held, WorkItem};

use super::{
    super::{Error, Executions, carry::MAP_RUNS, tell::stand_still},
    decide::{Next, next},
    map_run::MapRun,
    redrive::Seats,
};
use crate::work::{Outcome, Worker};

/// How long nobody looks when no child ends. Each end schedules the work anew, so this is for what nobody thought of.
const PAUSE: Duration = Duration::from_secs(30);

/// Carries out map runs.
pub(in super::super) struct MapRuns(pub(in super::super) Executions);

/// What came of a turn.
enum Turn {
    /// There is more to do.
    Again,
    /// Nothing, until a child ends.
    Rest,
    /// The map run has ended, and its work is off.
    Settled,
    /// There is nothing to do any more.
    Over,
}

#[async_trait]
impl Worker for MapRuns {
    const TOPIC: &'static str = MAP_RUNS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn StdError + Send + Sync>> {
        loop {
            match Box::pin(self.turn(item)).await {
                Ok(Turn::Again) => {}
                Ok(Turn::Rest) => return Ok(Outcome::Later(PAUSE)),
                Ok(Turn::Settled) => return Ok(Outcome::Settled),
                Ok(Turn::Over) => return Ok(Outcome::Finished(Changes::new())),
                // Its limits were changed meanwhile.
                Err(Error::Store(StoreError::Conflict(_))) => {}
                Err(error) => return stand_still(error),
            }
        }
    }
}

impl MapRuns {
    async fn turn(&self, item: &WorkItem) -> Result<Turn, Error> {
        let room = &self.0;
        let Some(held) = room.ground.store.get::<MapRun>(&item.body, &item.id).await? else {
            return Ok(Turn::Over);
        };
        if held.value.ended.is_some()
            && let Some(order) = room.redrive_order(&held.value).await?
        {
            room.reopen(held, order).await?;
            return Ok(Turn::Again);
        }
        let Held { version, value: mut run } = held;
        let standing = room.standing(&run.execution, (&run.token, run.events)).await?;
        let mut changes = Changes::new();
        let ended = room.count_ends(&mut run, &mut changes).await?;
        let step = next(&run, standing.is_some_and(|(_, awaited)| awaited));
        let mut seats = Seats::new();
        let starts = matches!(step, Next::Start(_));
        let again = match step {
            Next::Over => return Ok(Turn::Over),
            Next::Read => {
                Box::pin(room.gather(Held { version, value: run })).await?;
                return Ok(Turn::Again);
            }
            // What ended last is counted in the commit of the end.
            Next::End if ended == 0 => {
                let over = room.finish_map_run(Held { version, value: run }, item).await?;
                return Ok(if over { Turn::Settled } else { Turn::Again });
            }
            Next::Start(count) if run.executions.waiting.total() > 0 => {
                seats = room.redrive_children(&mut run, &mut changes, count).await?;
                true
            }
            Next::Start(count) => {
                room.begin_children(&mut run, &mut changes, count).await?;
                true
            }
            Next::Stop(stop) => {
                run.stop = Some(stop);
                true
            }
            Next::StopChildren if ended == 0 => {
                if room.stop_children(&mut run, &mut changes).await? {
                    return Ok(Turn::Again);
                }
                true
            }
            Next::Wait if ended == 0 => room.settle_children(&mut run, &mut changes).await?,
            Next::End | Next::StopChildren | Next::Wait => ended > 0,
        };
        if !again {
            return Ok(Turn::Rest);
        }
        changes.put(&run, Expect::Version(version))?;
        room.ground.store.commit(changes).await?;
        drop(seats);
        if starts {
            // Workers of activities may have something to do.
            room.counter.ring_all();
        }
        Ok(Turn::Again)
    }
}
