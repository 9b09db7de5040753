//! Asking for executions and their histories, page by page.

use trainyard_domain::Scope;
use trainyard_engine::{HistoryEvent, PAYLOAD_LIMIT};
use trainyard_store::{Error as StoreError, List, Range};

use super::{
    Error, Executions,
    execution::{self, Execution, Status},
    machine::{MachineType, StateMachine},
    machines::Described,
    map_runs::Child,
    names::{self, Qualified, Qualifier},
    runs,
};

/// Which end of a history comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The oldest event.
    #[default]
    Forward,
    /// The latest.
    Backward,
}

/// A page of a history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryPage {
    /// The events.
    pub events: Vec<HistoryEvent>,
    /// What the next page is asked for with; none after the last.
    pub next: Option<String>,
}

/// How many events are read from the store at a time.
const CHUNK: usize = 100;
/// A page that has grown to so many bytes ends: with what was read from the store, or at once where AWS would have none
/// of the data.
const MOST_BYTES: usize = 4 * 1024 * 1024;

impl Executions {
    /// One page of the executions of a state machine, or of those that were started by one of its versions or aliases,
    /// the latest first. Inputs and outputs that are larger than AWS takes are not read, and empty.
    pub async fn list(
        &self,
        machine: &str,
        status: Option<Status>,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Execution>, Option<String>), Error> {
        let Qualified { scope, machine: name, qualifier } = names::qualified(machine)?;
        if after.is_none() && self.held_machine(&scope, &name).await?.value.kind == MachineType::Express {
            return Err(Error::MachineType);
        }
        let name = match &qualifier {
            None => name,
            Some(Qualifier::Version(number)) => format!("{name}:{number}"),
            Some(Qualifier::Alias(alias)) => format!("{name}:{alias}"),
        };
        let (index, prefix) = match (&qualifier, status) {
            (None, None) => ("started", format!("{name}/")),
            (None, Some(status)) => ("status", format!("{name}/{}/", status.as_str())),
            (Some(_), None) => ("qualified", format!("{name}/")),
            (Some(_), Some(status)) => ("qualified-status", format!("{name}/{}/", status.as_str())),
        };
        let list = List::in_scope(&scope).by(index).within(Range::prefix(&prefix)).without_texts();
        let page = self.ground.store.list(list.descending(true).limit(limit).after(after)).await;
        let page = page.map_err(token)?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }

    /// One page of the execution's history. It is read from the store a few events at a time, however long it is.
    pub async fn history(
        &self,
        arn: &str,
        direction: Direction,
        limit: usize,
        after: Option<String>,
    ) -> Result<HistoryPage, Error> {
        let (scope, machine, name) = names::execution(arn)?;
        let held = self.execution(&scope.to_string(), &machine, &name).await?;
        let execution = held.ok_or_else(|| Error::NoExecution(arn.to_owned()))?.value;
        if execution.child.as_ref().is_some_and(Child::is_express) {
            return Err(Error::MachineType);
        }
        let arn = execution.arn();
        self.note_taken(&arn).await;
        let history = execution::history(&arn);
        let mut from = match (&after, direction) {
            (Some(token), _) => token.parse().map_err(|_| Error::InvalidToken)?,
            (None, Direction::Forward) => 1,
            (None, Direction::Backward) => u64::MAX,
        };
        let (mut events, mut bytes) = (Vec::new(), 0);
        loop {
            let room = (limit - events.len()).min(CHUNK);
            let records = match direction {
                Direction::Forward => self.ground.store.history(&history, from, room + 1).await?,
                Direction::Backward => self.ground.store.history_back(&history, from, room + 1).await?,
            };
            let mut records = records.into_iter();
            for record in records.by_ref().take(room) {
                let length = record.1.len();
                let event = self.event(&arn, record).await?;
                let largest = event.largest();
                bytes += length.max(largest);
                events.push(event);
                if largest > PAYLOAD_LIMIT && bytes >= MOST_BYTES {
                    break;
                }
            }
            let more = records.next().is_some();
            from = match (events.last(), direction) {
                (Some(last), Direction::Forward) => last.id + 1,
                (Some(last), Direction::Backward) => last.id.saturating_sub(1),
                (None, _) => from,
            };
            let end = match direction {
                Direction::Forward => (!more).then(|| from.saturating_sub(1)),
                Direction::Backward => after.is_none().then(|| events.first().map_or(0, |event| event.id)),
            };
            lacks_nothing(&execution, end)?;
            if !more {
                return Ok(HistoryPage { events, next: None });
            }
            if events.len() >= limit || bytes >= MOST_BYTES {
                return Ok(HistoryPage { events, next: Some(from.to_string()) });
            }
        }
    }

    /// The state machine as the execution began with it.
    pub async fn describe_machine_of(&self, arn: &str) -> Result<Described, Error> {
        let execution = self.describe(arn).await?;
        let revision = self.revision_of(&execution.scope, &execution.revision).await?;
        let machine = execution.machine.split('/').next().unwrap_or_default();
        let machine = match self.held_machine(&execution.scope, machine).await {
            Ok(held) => held.value,
            // It was deleted: what is shown of it is in the revision.
            Err(Error::NoMachine(_)) => StateMachine::of(&revision),
            Err(error) => return Err(error),
        };
        Ok(Described { machine, revision, version: None })
    }

    /// One page of all executions of the scope, the latest of each state machine first. Inputs and outputs that are larger
    /// than AWS takes are not read, and empty.
    pub async fn list_all(
        &self,
        scope: &Scope,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Execution>, Option<String>), Error> {
        let list = List::in_scope(scope).by("started").descending(true).limit(limit).after(after);
        let list = list.without_texts();
        let page = self.ground.store.list(list).await.map_err(token)?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }
}

/// Refuses a history that ends before the execution did; `end` is its last event, where that is known.
fn lacks_nothing(execution: &Execution, end: Option<u64>) -> Result<(), Error> {
    let events = execution.end.as_ref().map_or(0, |end| end.events);
    match end {
        Some(last) if last < events => Err(Error::Poisoned {
            what: format!("the history of {}", execution.arn()),
            reason: runs::lost(last, events),
        }),
        _ => Ok(()),
    }
}

/// A cursor that we did not make is the caller's fault.
pub(super) fn token(error: StoreError) -> Error {
    match error {
        StoreError::Invalid(_) => Error::InvalidToken,
        error => error.into(),
    }
}
