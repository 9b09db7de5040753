//! Redriving: an execution that has not ended well goes on.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html>

use trainyard_domain::{Principal, Timestamp};
use trainyard_engine::{Decision, Fact, Moment, decide};
use trainyard_store::{Changes, Error as StoreError};

use super::{
    Error, Executions,
    carry::carry,
    execution::Execution,
    news,
    offers::Offer,
    redrivable::{Redrivable, TOO_LONG},
    runs::{Loaded, Place},
};
use crate::{audit, bus};

/// Somebody else is faster at most so often.
const ATTEMPTS: usize = 5;
const BY_MAP_RUN: &str =
    "Execution was started by a Map Run and can be redriven by redriving the parent execution only";

impl Executions {
    /// Has an execution go on that has not ended well; says when that was. Asking again with the same client token
    /// within a quarter of an hour is no error and changes nothing.
    pub async fn redrive(
        &self,
        by: &Principal,
        arn: &str,
        token: Option<String>,
    ) -> Result<Timestamp, Error> {
        let execution = self.describe(arn).await?;
        if execution.scope.account != by.account {
            return Err(Error::NoExecution(arn.to_owned()));
        }
        let arn = execution.arn();
        let seat = self.runs.seat(&arn);
        let mut held = seat.lock().await;
        for _ in 0..ATTEMPTS {
            let loaded = self.take(&mut held, &arn).await?;
            let done = self.redrive_loaded(*loaded, by, token.clone()).await;
            // Whoever comes next reads it as it is now.
            *held = Place::Empty;
            match done {
                Err(Error::Store(StoreError::Conflict(_))) => {}
                done => return done,
            }
        }
        Err(Error::Busy(arn.to_string()))
    }

    /// Whether the execution can be redriven now.
    pub async fn redrivable(&self, execution: &Execution) -> Result<Redrivable, Error> {
        let redrivable = execution.redrivable(self.ground.now());
        if let Redrivable::No(_) = redrivable {
            return Ok(redrivable);
        }
        // A child's is called `<machine>/<label>`.
        let machine = execution.machine.split('/').next().unwrap_or_default();
        match self.held_machine(&execution.scope, machine).await {
            Ok(_) => Ok(redrivable),
            Err(Error::NoMachine(_)) => Ok(Redrivable::No("State machine is in DELETING status")),
            Err(error) => Err(error),
        }
    }

    async fn redrive_loaded(
        &self,
        loaded: Loaded,
        by: &Principal,
        token: Option<String>,
    ) -> Result<Timestamp, Error> {
        let at = self.moment()?;
        let known = token.as_deref().and_then(|token| loaded.execution.redrives.by(token, at.now));
        if let Some(known) = known {
            return Ok(known);
        }
        match self.redrivable(&loaded.execution).await? {
            Redrivable::Yes => {}
            Redrivable::ByMapRun => return Err(Error::NotRedrivable(BY_MAP_RUN)),
            Redrivable::No(why) => return Err(Error::NotRedrivable(why)),
        }
        let decision = decide(&loaded.known.machine, &loaded.run, &Fact::Redriven, &at);
        if decision.events.is_empty() {
            return Err(Error::NotRedrivable(TOO_LONG));
        }
        let mut changes = Changes::new();
        audit::note(&mut changes, &self.ground, by, "states:RedriveExecution", loaded.execution.arn())?;
        let (_, offers) = self.go_on(&mut changes, &loaded, (&decision, token), &at).await?;
        let offers = self.counter.to_offer(offers);
        self.ground.store.commit(changes).await?;
        offers.committed();
        Ok(at.now)
    }

    /// Adds all that follows from the decision that the execution goes on to the commit; says how it is then, and what
    /// it offers to workers.
    pub(super) async fn go_on(
        &self,
        changes: &mut Changes,
        loaded: &Loaded,
        (decision, token): (&Decision, Option<String>),
        at: &Moment,
    ) -> Result<(Execution, Vec<Offer>), Error> {
        let mut execution = loaded.execution.clone();
        execution.redrive(at.now, token);
        if !loaded.known.express {
            bus::tell(changes, &news::status_changed(&execution, at.now))?;
        }
        let absent = self.absent_activities(decision).await?;
        let offers = carry(changes, (&self.ground, at.now), &mut execution, decision, &absent)?;
        if let Some(journal) = &loaded.known.journal {
            journal.note(changes, &execution, &decision.events)?;
        }
        changes.put(&execution, loaded.document)?;
        Ok((execution, offers))
    }
}
