//! The heart: one fact in, one commit out.

use std::{sync::Arc, time::Duration};

use trainyard_domain::Arn;
use trainyard_engine::{Decision, Fact, Moment, decide};
use trainyard_store::{Changes, Error as StoreError};

use super::{
    Error, Execution, Executions,
    carry::carry,
    hands::{Had, Taken},
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
        self.tell_of(arn, Some(fact), extra).await
    }

    /// Tells the execution which of its tasks workers have, and then the fact, if there is one: all that follows is one
    /// commit.
    pub(super) async fn tell_of(&self, arn: &Arn, fact: Option<&Fact>, extra: Extra) -> Result<Told, Error> {
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

    async fn step(&self, loaded: &mut Loaded, fact: Option<&Fact>, extra: Extra) -> Result<Told, Error> {
        let at = self.moment()?;
        let token = fact.and_then(token);
        if token.is_some_and(|token| !loaded.run.waits_for(token)) {
            self.ground.store.commit(extra.stale).await?;
            return Ok(Told::Stale);
        }
        let arn = loaded.execution.arn();
        let mut taken = self.counter.hands.of(&arn, token);
        taken.extend(fact.and_then(|fact| unheard_of(loaded, fact, &taken)));
        if fact.is_none() && taken.is_empty() {
            return Ok(Told::Stale);
        }
        let mut changes = extra.told;
        let mut decision = decide_taken(loaded, &taken, &at);
        for (taken, _) in &taken {
            changes.merge(taken.changes.clone());
        }
        if let Some(fact) = fact {
            let run = loaded.run.after(&decision.events);
            let next = decide(&loaded.known.machine, &run, fact, &at);
            if next.events.is_empty() && next.commands.is_empty() && token.is_none() {
                self.ground.store.commit(extra.stale).await?;
                return Ok(Told::Stale);
            }
            decision.extend(next);
        }
        let mut execution = loaded.execution.clone();
        let absent = self.absent_activities(&decision).await?;
        let offers = carry(&mut changes, (&self.ground, at.now), &mut execution, &decision, &absent)?;
        if let Some(journal) = &loaded.known.journal {
            journal.note(&mut changes, &execution, &decision.events)?;
        }
        let ended = execution.end != loaded.execution.end;
        if ended {
            changes.put(&execution, loaded.document)?;
            map_runs::ended(&mut changes, &execution)?;
        }
        let offers = self.counter.to_offer(offers);
        self.ground.store.commit(changes).await?;
        self.counter.hands.noted(&arn, &taken);
        offers.committed();
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
        let standing = |loaded: &Loaded| (loaded.execution.clone(), loaded.run.waits_for(token));
        match self.look(arn, event, standing).await {
            Ok(standing) => Ok(Some(standing)),
            Err(Error::NoExecution(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Looks at the execution, which has so many events at least.
    pub(super) async fn look<T>(
        &self,
        arn: &Arn,
        events: u64,
        look: impl FnOnce(&Loaded) -> T,
    ) -> Result<T, Error> {
        let seat = self.runs.seat(arn);
        let mut held = seat.lock().await;
        let loaded = match self.take_with(&mut held, arn, events).await {
            Ok(loaded) => loaded,
            Err(error) => {
                // No place is kept for what is not there: names come from outside.
                if matches!(error, Error::NoExecution(_)) {
                    drop(held);
                    self.runs.leave(arn, &seat);
                }
                return Err(error);
            }
        };
        let seen = look(&loaded);
        self.runs.rests(arn, loaded.largest);
        *held = Place::Here(loaded);
        Ok(seen)
    }
}

/// The task that the fact is about, if a worker says it who has it without being known to: the server that gave it to
/// them is no more.
fn unheard_of(loaded: &Loaded, fact: &Fact, known: &[Had]) -> Option<Had> {
    let (Fact::TaskSucceeded { token, .. } | Fact::TaskFailed { token, .. } | Fact::Heartbeat { token }) =
        fact
    else {
        return None;
    };
    let activity = loaded.run.waits_for_worker_of(token)?;
    let is_known = known.iter().any(|(taken, _)| taken.token == *token);
    (!is_known).then(|| (Arc::new(Taken::new((activity, token), None)), None))
}

/// What follows from it that workers have these tasks: at the time since which each is known to be had, which is not
/// before anything that was decided without it.
fn decide_taken(loaded: &Loaded, taken: &[Had], at: &Moment) -> Decision {
    let mut decision = Decision::default();
    for (taken, since) in taken {
        let run = loaded.run.after(&decision.events);
        let fact = Fact::TaskTaken { token: taken.token.clone(), worker: taken.worker.clone() };
        let now = since.map_or(at.now, |since| since.min(at.now));
        decision.extend(decide(&loaded.known.machine, &run, &fact, &Moment { now, ..*at }));
    }
    decision
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
