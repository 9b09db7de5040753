//! The heart: one fact in, one commit out.

use std::time::Duration;

use trainyard_domain::Arn;
use trainyard_engine::{Decision, Fact, Moment, decide};
use trainyard_store::{Changes, Error as StoreError};

use super::{
    Error, Execution, Executions,
    carry::carry,
    map_runs,
    runs::{Loaded, Place},
};
use crate::work::Outcome;

/// What is committed together with what follows from a fact.
#[derive(Clone, Default)]
pub(super) struct Extra {
    /// When the execution waits for the fact.
    pub(super) told: Changes,
    /// When it does not: the task was timed out, the execution stopped, or the fact was told before.
    pub(super) stale: Changes,
    /// How many events its history has at least, as far as whoever tells it knows.
    pub(super) events: u64,
}

impl Extra {
    /// The same in both cases.
    pub(super) fn always(changes: Changes) -> Self {
        Self { told: changes.clone(), stale: changes, events: 0 }
    }

    /// Told by something that was committed together with that event of the history.
    pub(super) fn after(self, events: u64) -> Self {
        Self { events, ..self }
    }
}

/// Whether the execution waited for the fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It did, and what follows is committed.
    Heard,
    /// It did not, and nothing follows.
    Stale,
}

/// Somebody else is faster at most so often: only another process, or our own commit whose caller went away.
const ATTEMPTS: usize = 5;

impl Executions {
    /// Tells the execution a fact: what follows, and `extra` with it, is one commit.
    pub(super) async fn tell(&self, arn: &Arn, fact: &Fact, extra: Extra) -> Result<Told, Error> {
        let seat = self.runs.seat(arn);
        let mut held = seat.lock().await;
        for _ in 0..ATTEMPTS {
            let mut loaded = self.take_with(&mut held, arn, extra.events).await?;
            let told = self.step(&mut loaded, fact, extra.clone()).await;
            *held = Place::Empty;
            match told {
                Ok(told) if loaded.run.outcome().is_some() => {
                    self.runs.leave(arn, &seat);
                    return Ok(told);
                }
                Ok(told) => {
                    self.runs.rests(arn, loaded.largest);
                    *held = Place::Here(loaded);
                    return Ok(told);
                }
                Err(Error::Store(StoreError::Conflict(_))) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Busy(arn.to_string()))
    }

    async fn step(&self, loaded: &mut Loaded, fact: &Fact, extra: Extra) -> Result<Told, Error> {
        let at = self.moment()?;
        let stale = token(fact).is_some_and(|token| !loaded.run.waits_for(token));
        let decision =
            if stale { Decision::default() } else { decide(&loaded.known.machine, &loaded.run, fact, &at) };
        let nothing = decision.events.is_empty() && decision.commands.is_empty();
        if stale || (nothing && token(fact).is_none()) {
            self.ground.store.commit(extra.stale).await?;
            return Ok(Told::Stale);
        }
        let mut changes = extra.told;
        let mut execution = loaded.execution.clone();
        let absent = self.absent_activities(&decision).await?;
        carry(&mut changes, (&self.ground, at.now), &mut execution, &decision, &absent)?;
        if let Some(journal) = &loaded.known.journal {
            journal.note(&mut changes, &execution, &decision.events)?;
        }
        let ended = execution.end != loaded.execution.end;
        if ended {
            changes.put(&execution, loaded.document)?;
            map_runs::ended(&mut changes, &execution)?;
        }
        self.ground.store.commit(changes).await?;
        self.counter.ring_for(&decision);
        loaded.apply(&decision.events);
        loaded.execution = execution;
        Ok(Told::Heard)
    }

    pub(super) fn moment(&self) -> Result<Moment, Error> {
        let seed = getrandom::u64()
            .map_err(|e| StoreError::Unavailable(format!("the system gives no random numbers: {e}")))?;
        Ok(Moment { now: self.ground.now(), seed, payload_limit: self.payload_limit })
    }

    /// The execution, and whether it waits for the task of this token, which was asked for by that event of its history
    /// or a later one; none if there is no such execution.
    pub(super) async fn standing(
        &self,
        arn: &Arn,
        (token, event): (&str, u64),
    ) -> Result<Option<(Execution, bool)>, Error> {
        let seat = self.runs.seat(arn);
        let mut held = seat.lock().await;
        let loaded = match self.take_with(&mut held, arn, event).await {
            Ok(loaded) => loaded,
            Err(Error::NoExecution(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let standing = (loaded.execution.clone(), loaded.run.waits_for(token));
        self.runs.rests(arn, loaded.largest);
        *held = Place::Here(loaded);
        Ok(Some(standing))
    }
}

impl Executions {
    /// Whether the execution waits for the task of this token: also if that cannot be read now.
    pub async fn awaits(&self, arn: &Arn, token: &str) -> Result<bool, Error> {
        match self.standing(arn, (token, 0)).await {
            Ok(standing) => Ok(standing.is_some_and(|(_, awaited)| awaited)),
            Err(Error::Poisoned { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// The token of the task that the fact is about.
fn token(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::TaskSubmitted { token, .. }
        | Fact::TaskSubmitFailed { token, .. }
        | Fact::TaskSucceeded { token, .. }
        | Fact::TaskFailed { token, .. }
        | Fact::TaskTaken { token, .. }
        | Fact::MapRunSucceeded { token, .. }
        | Fact::MapRunFailed { token, .. }
        | Fact::Heartbeat { token } => Some(token),
        Fact::Started(_) | Fact::TimerFired { .. } | Fact::StopAsked { .. } | Fact::Redriven => None,
    }
}

/// What a worker does with work of an execution that cannot be told: one whose history cannot be read stands still,
/// and its work is looked at again once in a while.
pub(super) fn stand_still(error: Error) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
    match error {
        Error::Poisoned { .. } => Ok(Outcome::Later(Duration::from_secs(600))),
        error => Err(error.into()),
    }
}
