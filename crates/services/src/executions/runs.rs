//! The executions in hand: one seat each, with its run as far as it was read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use trainyard_domain::{Arn, Scope};
use trainyard_engine::{HistoryEvent, PAYLOAD_LIMIT, Run, apply};
use trainyard_lang::asl::{self, ExecutionType, Machine};
use trainyard_store::{Changes, Error as StoreError, Expect, Held};

use super::{
    Error, Executions,
    execution::{self, Execution},
    journal::Journal,
    machine::MachineType,
    map_runs::map_at,
    names,
};

/// How many executions are kept in memory when nobody asks for them.
const MOST_SEATS: usize = 512;
/// How many bytes of data larger than AWS's those have together, each counted by the largest piece that it has seen.
const MOST_LARGE: usize = 64 * 1024 * 1024;
const MOST_REVISIONS: usize = 128;
/// An express execution that takes longer is over.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html>
const MOST_EXPRESS_SECONDS: u64 = 300;
/// How many events are read from the store at a time.
const CHUNK: usize = 500;

/// An execution's seat: who holds its lock is the only one who decides for it.
pub(super) type Seat = tokio::sync::Mutex<Place>;

/// What is in a seat.
#[derive(Default)]
pub(super) enum Place {
    /// Nothing was read.
    #[default]
    Empty,
    /// The execution as the store has it.
    Here(Box<Loaded>),
    /// Whoever sat here went away in the middle of a commit: it may still be under way.
    InDoubt,
}

/// An execution as it was read.
pub(super) struct Loaded {
    pub(super) execution: Execution,
    /// How its document stands in the store: nobody writes it without adding to the history, so that of an execution
    /// that has just begun here any will do.
    pub(super) document: Expect,
    pub(super) known: Arc<Known>,
    pub(super) run: Run,
    /// How many bytes the largest piece of data in its history has.
    pub(super) largest: usize,
}

impl Loaded {
    /// Folds what was decided and committed.
    pub(super) fn apply(&mut self, events: &[HistoryEvent]) {
        self.largest = self.largest.max(largest(events));
        for event in events {
            apply(&mut self.run, event);
        }
    }
}

/// How many bytes the largest piece of data in the events has.
pub(super) fn largest(events: &[HistoryEvent]) -> usize {
    events.iter().map(HistoryEvent::largest).max().unwrap_or_default()
}

/// A revision of a state machine, read and checked.
pub(super) struct Known {
    pub(super) machine: Machine,
    pub(super) role: Arn,
    /// How many bytes the definition has.
    pub(super) size: usize,
    /// Whether executions of it have little time and show no history.
    pub(super) express: bool,
    /// What executions log to.
    pub(super) journal: Option<Journal>,
}

/// All seats.
#[derive(Default)]
pub(super) struct Runs {
    seats: Mutex<HashMap<Arn, Arc<Seat>>>,
    /// Those in which large data rests, each with how many bytes; the one that was left last is the last.
    large: Mutex<Vec<(Arn, usize)>>,
    revisions: Mutex<HashMap<String, Arc<Known>>>,
    broken: Mutex<HashMap<Arn, Broken>>,
}

/// An execution that stands still.
struct Broken {
    reason: String,
    /// How many events somebody knows of.
    events: u64,
}

impl Runs {
    /// The execution's seat. Too many are kept only while they are all in use.
    pub(super) fn seat(&self, arn: &Arn) -> Arc<Seat> {
        let mut seats = lock(&self.seats);
        if let Some(seat) = seats.get(arn) {
            return seat.clone();
        }
        if seats.len() >= MOST_SEATS {
            seats.retain(|_, seat| Arc::strong_count(seat) > 1);
        }
        seats.entry(arn.clone()).or_default().clone()
    }

    /// The execution stays in its seat and has seen data of so many bytes. If there is too much of what is large, those
    /// that nobody has asked for the longest are read again when somebody does.
    pub(super) fn rests(&self, arn: &Arn, bytes: usize) {
        if bytes <= PAYLOAD_LIMIT {
            return;
        }
        let mut large = lock(&self.large);
        large.retain(|(other, _)| other != arn);
        large.push((arn.clone(), bytes));
        let mut sum: usize = large.iter().map(|(_, bytes)| bytes).sum();
        while sum > MOST_LARGE && large.len() > 1 {
            let (other, bytes) = large.remove(0);
            sum -= bytes;
            let seat = lock(&self.seats).get(&other).cloned();
            // One that somebody sits in comes back when they leave it.
            if let Some(mut place) = seat.as_ref().and_then(|seat| seat.try_lock().ok())
                && matches!(*place, Place::Here(_))
            {
                *place = Place::Empty;
            }
        }
    }

    /// The execution is over, and nobody will ask for its seat soon: it goes, unless somebody waits for it. An execution
    /// never has two seats.
    pub(super) fn leave(&self, arn: &Arn, mine: &Arc<Seat>) {
        let mut seats = lock(&self.seats);
        // Nobody gets it meanwhile: it is the list's and ours.
        if Arc::strong_count(mine) <= 2 {
            seats.remove(arn);
        }
    }

    /// Why the execution cannot be read, if it was found so.
    pub(super) fn broken(&self, arn: &Arn) -> Option<String> {
        lock(&self.broken).get(arn).map(|broken| broken.reason.clone())
    }

    /// How many events the history of an execution that was found broken has at least.
    fn events(&self, arn: &Arn) -> u64 {
        lock(&self.broken).get(arn).map_or(0, |broken| broken.events)
    }
}

impl Executions {
    /// Takes the execution out of its seat, reading it if need be. Until something is put there the seat is in doubt:
    /// that is how it is found when the caller goes away.
    pub(super) async fn take(&self, place: &mut Place, arn: &Arn) -> Result<Box<Loaded>, Error> {
        match std::mem::replace(place, Place::InDoubt) {
            Place::Here(loaded) => return Ok(loaded),
            Place::Empty => {}
            // Commits are done in their order: after one more, the one in doubt is done or never will be.
            Place::InDoubt => {
                let mut nothing = Changes::new();
                nothing.cancel(super::carry::TASKS, "");
                self.ground.store.commit(nothing).await?;
            }
        }
        // Nothing is under way where nothing could be read.
        let loaded = self.load(arn).await.inspect_err(|_| *place = Place::Empty)?;
        Ok(Box::new(loaded))
    }

    /// The same for somebody who knows of so many events: with fewer the execution stands still. The rows of a history
    /// are found by an index, and one that is damaged may hide the last of them without leaving a gap.
    pub(super) async fn take_with(
        &self,
        place: &mut Place,
        arn: &Arn,
        events: u64,
    ) -> Result<Box<Loaded>, Error> {
        let loaded = self.take(place, arn).await?;
        match ends_by(&loaded.run, events) {
            Ok(()) => Ok(loaded),
            Err(reason) => {
                *place = Place::Empty;
                Err(self.lacks_events(arn, reason, events))
            }
        }
    }

    /// The store has given all that it has found: it does not know that this is damage.
    fn lacks_events(&self, arn: &Arn, reason: String, events: u64) -> Error {
        let (kind, scope, id) = ("history".to_owned(), execution::history(arn), "end".to_owned());
        self.ground.store.report(&StoreError::Poisoned { kind, scope, id, reason: reason.clone() });
        self.stands_still(arn, reason, events)
    }

    fn stands_still(&self, arn: &Arn, reason: String, events: u64) -> Error {
        tracing::error!(execution = %arn, reason, "an execution stands still: its history cannot be read");
        lock(&self.runs.broken).insert(arn.clone(), Broken { reason: reason.clone(), events });
        Error::Poisoned { what: format!("the history of {arn}"), reason }
    }

    /// Reads the execution from the store: its history folded, and nothing else.
    async fn load(&self, arn: &Arn) -> Result<Loaded, Error> {
        let (scope, machine, name) = names::execution(&arn.to_string())?;
        let held = self.ground.store.get(&scope.to_string(), &execution::id(&machine, &name)).await?;
        let Held::<Execution> { version, value: execution } =
            held.ok_or_else(|| Error::NoExecution(arn.to_string()))?;
        let known = self.runs.events(arn).max(execution.end.as_ref().map_or(0, |end| end.events));
        let loaded = self.read(arn, execution, version).await;
        match loaded {
            Ok(loaded) => match ends_by(&loaded.run, known) {
                Ok(()) => {
                    lock(&self.runs.broken).remove(arn);
                    Ok(loaded)
                }
                Err(reason) => Err(self.lacks_events(arn, reason, known)),
            },
            Err(Error::Poisoned { what, reason }) => {
                self.stands_still(arn, reason.clone(), known);
                Err(Error::Poisoned { what, reason })
            }
            Err(error) => Err(error),
        }
    }

    async fn read(&self, arn: &Arn, execution: Execution, version: u64) -> Result<Loaded, Error> {
        let known = match &execution.child {
            None => self.known(&execution.scope, &execution.revision).await?,
            Some(child) => self.known_child(&execution.scope, &execution.revision, &child.pointer).await?,
        };
        let (run, largest) = self.fold(arn).await?;
        Ok(Loaded { execution, document: Expect::Version(version), known, run, largest })
    }

    async fn fold(&self, arn: &Arn) -> Result<(Run, usize), Error> {
        let history = execution::history(arn);
        let (mut run, mut largest) = (Run::default(), 0);
        loop {
            let next = run.last_event_id() + 1;
            let records = self.ground.store.history(&history, next, CHUNK).await?;
            let more = records.len() == CHUNK;
            for record in records {
                let event = self.event(arn, record).await?;
                largest = event.largest().max(largest);
                apply(&mut run, &event);
            }
            if !more {
                return Ok((run, largest));
            }
        }
    }

    /// One record of the execution's history.
    pub(super) async fn event(&self, arn: &Arn, record: (u64, String)) -> Result<HistoryEvent, Error> {
        let seq = record.0;
        match self.ground.store.record(&execution::history(arn), record).await {
            Ok(record) => event(arn, seq, &record),
            Err(StoreError::Poisoned { reason, .. }) => Err(poisoned(arn, format!("event {seq}: {reason}"))),
            Err(error) => Err(error.into()),
        }
    }

    /// What the revision says, read once.
    pub(super) async fn known(&self, scope: &Scope, revision: &str) -> Result<Arc<Known>, Error> {
        if let Some(known) = lock(&self.runs.revisions).get(revision) {
            return Ok(known.clone());
        }
        let stored = self.revision_of(scope, revision).await?;
        let mut machine = asl::parse(&stored.definition).map_err(|faults| Error::Poisoned {
            what: format!("the definition of {}", names::machine_arn(scope, &stored.machine)),
            reason: asl::invalid_definition(&faults),
        })?;
        if stored.kind == MachineType::Express {
            let given = machine.timeout_seconds.unwrap_or(MOST_EXPRESS_SECONDS);
            machine.timeout_seconds = Some(given.min(MOST_EXPRESS_SECONDS));
        }
        let (express, journal) = (stored.kind == MachineType::Express, Journal::of(&stored));
        let size = stored.definition.len();
        let known = Arc::new(Known { machine, role: stored.role, size, express, journal });
        Ok(self.remember(revision.to_owned(), known))
    }

    /// What the children of the distributed Map at that place of the revision run.
    pub(super) async fn known_child(
        &self,
        scope: &Scope,
        revision: &str,
        pointer: &str,
    ) -> Result<Arc<Known>, Error> {
        let name = format!("{revision}#{pointer}");
        if let Some(known) = lock(&self.runs.revisions).get(&name) {
            return Ok(known.clone());
        }
        let whole = self.known(scope, revision).await?;
        let missing =
            || StoreError::Internal(format!("there is no distributed Map at {pointer} of {revision}"));
        let (map, distributed) = map_at(&whole.machine.graph, pointer).ok_or_else(missing)?;
        let express = distributed.execution_type == ExecutionType::Express;
        let machine = Machine {
            comment: None,
            timeout_seconds: express.then_some(MOST_EXPRESS_SECONDS),
            language: whole.machine.language,
            graph: map.processor.clone(),
            variable_references: Default::default(),
        };
        let (role, size, journal) = (whole.role.clone(), whole.size, whole.journal.clone());
        Ok(self.remember(name, Arc::new(Known { machine, role, size, express, journal })))
    }

    fn remember(&self, name: String, known: Arc<Known>) -> Arc<Known> {
        let mut revisions = lock(&self.runs.revisions);
        if revisions.len() >= MOST_REVISIONS {
            revisions.clear();
        }
        revisions.insert(name, known.clone());
        known
    }
}

/// Whether all events are there that somebody knows of, or what is wrong.
fn ends_by(run: &Run, events: u64) -> Result<(), String> {
    match run.last_event_id() {
        last if last >= events => Ok(()),
        last => Err(lost(last, events)),
    }
}

/// What is wrong with a history that ends too soon.
pub(super) fn lost(last: u64, events: u64) -> String {
    format!("it has {events} events, and those after event {last} cannot be found")
}

fn event(arn: &Arn, seq: u64, record: &str) -> Result<HistoryEvent, Error> {
    let event: HistoryEvent =
        serde_json::from_str(record).map_err(|e| poisoned(arn, format!("event {seq}: {e}")))?;
    if event.id != seq {
        return Err(poisoned(arn, format!("event {seq} says that it is event {}", event.id)));
    }
    Ok(event)
}

fn poisoned(arn: &Arn, reason: String) -> Error {
    Error::Poisoned { what: format!("the history of {arn}"), reason }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_much_large_data_rests_and_no_more() {
        let runs = Runs::default();
        let arn = |n: usize| -> Arn {
            format!("arn:aws:states:us-east-1:000000000000:execution:m:{n}").parse().unwrap()
        };
        let rest = |n| runs.rests(&arn(n), MOST_LARGE / 3);
        (0..3).for_each(rest);
        runs.rests(&arn(9), PAYLOAD_LIMIT);
        rest(0);
        rest(3);
        let rests: Vec<Arn> = lock(&runs.large).iter().map(|(arn, _)| arn.clone()).collect();
        assert_eq!(rests, [arn(2), arn(0), arn(3)]);
        runs.rests(&arn(4), 2 * MOST_LARGE);
        assert_eq!(lock(&runs.large).len(), 1, "the last one stays, however large");
    }

    #[test]
    fn an_execution_never_has_two_seats() {
        let (runs, arn) =
            (Runs::default(), "arn:aws:states:us-east-1:000000000000:execution:m:x".parse().unwrap());
        let (mine, waiting) = (runs.seat(&arn), runs.seat(&arn));
        runs.leave(&arn, &mine);
        assert!(Arc::ptr_eq(&runs.seat(&arn), &waiting), "somebody waits for it");
        drop(waiting);
        runs.leave(&arn, &mine);
        assert!(!Arc::ptr_eq(&runs.seat(&arn), &mine));
    }
}
