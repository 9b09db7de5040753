//! Looking at executions in ways that AWS has none of: as they were at any event, and under another definition.
//! Nothing is changed by it.

use trainyard_domain::Principal;
use trainyard_engine::{Difference, Replay, Run, Standing, apply};
use trainyard_lang::asl::{self, Machine};

use super::{
    Error, Executions,
    execution::{self, Execution},
    map_runs::{Child, map_at},
};

/// How many events are read from the store at a time.
const CHUNK: usize = 500;
/// The most characters of a definition.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const LONGEST_DEFINITION: usize = 1024 * 1024;

/// An execution as it was at one of its events.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The execution, as it is now.
    pub execution: Execution,
    /// The event.
    pub event: trainyard_engine::HistoryEvent,
    /// Whether it was over.
    pub over: bool,
    /// Where it stood.
    pub standings: Vec<Standing>,
}

/// What came of a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// How many events are decided as they were recorded.
    pub same: u64,
    /// How many of them were drawn by lot, and taken from the record.
    pub lots: u64,
    /// The first difference.
    pub difference: Option<Difference>,
}

impl Executions {
    /// The execution as it was after that event; after its last one, if none is given.
    pub async fn picture(&self, by: &Principal, arn: &str, at: Option<u64>) -> Result<Picture, Error> {
        let execution = self.own(by, arn).await?;
        let mut run = Run::default();
        let mut last = None;
        let until = at.unwrap_or(u64::MAX);
        self.read_events(&execution, |event| {
            if event.id <= until {
                apply(&mut run, &event);
                last = Some(event);
            }
            run.last_event_id() < until
        })
        .await?;
        let event = last.filter(|last| at.is_none_or(|at| at == last.id)).ok_or_else(|| {
            let length = run.last_event_id();
            Error::Invalid(format!(
                "there is no such event: the history of {arn} has the events 1 to {length}"
            ))
        })?;
        Ok(Picture { execution, event, over: run.outcome().is_some(), standings: run.standings() })
    }

    /// Decides what is recorded of the execution once more under that definition.
    pub async fn replay(&self, by: &Principal, arn: &str, definition: &str) -> Result<Replayed, Error> {
        let execution = self.own(by, arn).await?;
        if definition.len() > LONGEST_DEFINITION {
            let message = format!("the definition is longer than {LONGEST_DEFINITION} bytes");
            return Err(Error::Invalid(message));
        }
        let machine = asl::parse(definition).map_err(Error::InvalidDefinition)?;
        let machine = of_child(machine, execution.child.as_ref())?;
        // It was made with as much data as is in it, whatever is taken now.
        let mut most = self.payload_limit;
        self.read_events(&execution, |event| {
            most = most.max(event.largest());
            true
        })
        .await?;
        let mut replay = Replay::new(&machine, most);
        let mut difference = None;
        self.read_events(&execution, |event| {
            difference = replay.hear(&event);
            difference.is_none()
        })
        .await?;
        let (same, lots) = (replay.compared(), replay.lots());
        let difference = difference.or_else(|| replay.end());
        Ok(Replayed { same, lots, difference })
    }

    /// Reads events of the history, a few at a time, as long as more are wanted.
    async fn read_events(
        &self,
        execution: &Execution,
        mut more: impl FnMut(trainyard_engine::HistoryEvent) -> bool + Send,
    ) -> Result<(), Error> {
        let arn = execution.arn();
        self.note_taken(&arn).await;
        let history = execution::history(&arn);
        let mut next = 1;
        loop {
            let records = self.ground.store.history(&history, next, CHUNK).await?;
            let whole = records.len() < CHUNK;
            for record in records {
                next = record.0 + 1;
                if !more(self.event(&arn, record).await?) {
                    return Ok(());
                }
            }
            if whole {
                return Ok(());
            }
            // Others have their turn: a history may be long.
            tokio::task::yield_now().await;
        }
    }

    /// The execution, if it is of the caller's account and shows its history.
    async fn own(&self, by: &Principal, arn: &str) -> Result<Execution, Error> {
        let execution = self.describe(arn).await?;
        if execution.scope.account != by.account {
            return Err(Error::NoExecution(arn.to_owned()));
        }
        match execution.child.as_ref().is_some_and(Child::is_express) {
            true => Err(Error::MachineType),
            false => Ok(execution),
        }
    }
}

/// A map run's child runs a part of the definition only.
fn of_child(machine: Machine, child: Option<&Child>) -> Result<Machine, Error> {
    let Some(child) = child else { return Ok(machine) };
    let (map, _) = map_at(&machine.graph, &child.pointer).ok_or_else(|| {
        let message = format!("the definition has no distributed Map at {}", child.pointer);
        Error::Invalid(message)
    })?;
    Ok(Machine { comment: None, timeout_seconds: None, graph: map.processor.clone(), ..machine })
}
