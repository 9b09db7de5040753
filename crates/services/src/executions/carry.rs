//! From what the engine decided to what is committed. Pure: it writes nothing and calls nobody.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Timestamp};
use trainyard_engine::{Command, Decision, Outcome, PAYLOAD_LIMIT, Payload, TaskCall, TimerId};
use trainyard_lang::asl::Resource;
use trainyard_store::{Changes, Error as StoreError, WorkItem};

use super::{
    execution::{self, End, Execution, Status},
    machines::named,
    map_runs::{self, Child},
    news,
    offers::{OFFERS, Offer},
    pending::OBSERVATIONS,
    task::Pattern,
};
use crate::{audit, bus, ground::Ground};

/// The topic of tasks to be called, by token.
pub(super) const TASKS: &str = "tasks";
/// The topic of timers, by execution and timer.
pub(super) const TIMERS: &str = "timers";
/// The topic of tasks that nobody waits for any more, by token.
pub(super) const CANCELS: &str = "cancels";

/// The topic of map runs to be carried out, by ARN.
pub(super) const MAP_RUNS: &str = "map-runs";

/// A task to be called, as it waits for its worker.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CallWork {
    pub(super) execution: Arn,
    pub(super) call: TaskCall,
    /// How many events the history had when this was decided.
    #[serde(default)]
    pub(super) events: u64,
    /// The call's parameters, if they are large: as text they can lie beside the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parameters: Option<Payload>,
}

impl CallWork {
    fn new((execution, events): (&Arn, u64), mut call: TaskCall) -> Self {
        let large = call.parameters.text().len() > PAYLOAD_LIMIT;
        let parameters = large.then(|| std::mem::take(&mut call.parameters));
        Self { execution: execution.clone(), call, events, parameters }
    }

    pub(super) fn read(body: &str) -> serde_json::Result<Self> {
        let mut work: Self = serde_json::from_str(body)?;
        if let Some(parameters) = work.parameters.take() {
            work.call.parameters = parameters;
        }
        Ok(work)
    }
}

/// A timer, as it waits for its time.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TimerWork {
    pub(super) execution: Arn,
    pub(super) timer: TimerId,
    /// How many events the history had when this was decided.
    #[serde(default)]
    pub(super) events: u64,
}

/// A task to be ended, as it waits for its worker.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CancelWork {
    pub(super) execution: Arn,
    /// Whether somebody may have the token and think that they can answer.
    #[serde(default)]
    pub(super) shown: bool,
}

/// Adds to `changes` all that follows from the decision for this execution. When it ends, the execution says so
/// afterwards; its document is put by the caller, who knows which version of it to expect. Tasks of activities are
/// offered to their workers at once, but for those of activities that are not there: says which.
pub(super) fn carry(
    changes: &mut Changes,
    (ground, now): (&Ground, Timestamp),
    execution: &mut Execution,
    decision: &Decision,
    absent: &[String],
) -> Result<Vec<Offer>, StoreError> {
    let (arn, mut offers) = (execution.arn(), Vec::new());
    if let Some(first) = decision.events.first() {
        changes.append(&execution::history(&arn), first.id, &decision.events)?;
    }
    let events = decision.events.last().map_or(0, |last| last.id);
    for command in &decision.commands {
        match command {
            Command::RunTask(call) => offers.extend(run_task(changes, (&arn, events), call, absent)?),
            Command::CancelTask { token, resource } => {
                let body = json(&CancelWork { execution: arn.clone(), shown: waits(resource) })?;
                changes.schedule(WorkItem::now(CANCELS, token, body));
                if let Resource::Activity(activity) = resource {
                    changes.cancel_in((OFFERS, activity), token);
                }
            }
            Command::WakeAt { timer, at } => {
                let body = json(&TimerWork { execution: arn.clone(), timer: timer.clone(), events })?;
                changes.schedule(WorkItem::at(TIMERS, timer_id(&arn, timer), *at, body));
            }
            Command::ForgetTimer { timer } => {
                changes.cancel(TIMERS, &timer_id(&arn, timer));
            }
            Command::StartMapRun(call) => map_runs::begin(changes, execution, call, (events, now))?,
            Command::RedriveMapRun(call) => map_runs::redrive(changes, execution, call)?,
            // It sees by itself that nobody waits for it.
            Command::StopMapRun { arn, .. } => map_runs::wake(changes, execution, arn),
            Command::Finish(outcome) => {
                finish(execution, outcome, now);
                if let Some(end) = &mut execution.end {
                    end.events = events;
                }
                if let Some(parent) = execution.parent.as_ref().filter(|parent| parent.waits) {
                    changes.schedule(WorkItem::now(OBSERVATIONS, &parent.token, ""));
                }
                // Express executions are too many to be told of.
                if execution.child.as_ref().is_some_and(Child::is_express) {
                    continue;
                }
                bus::tell(changes, &news::status_changed(execution, now))?;
                let by = Principal::root(&execution.scope);
                let action = format!("trainyard:Execution{}", word(execution.status));
                audit::note(changes, ground, &by, &action, &arn)?;
            }
        }
    }
    Ok(offers)
}

fn run_task(
    changes: &mut Changes,
    (execution, events): (&Arn, u64),
    call: &TaskCall,
    absent: &[String],
) -> Result<Option<Offer>, StoreError> {
    if let Resource::Activity(activity) = &call.resource
        && !absent.contains(activity)
    {
        let offer = Offer::new((execution, events), activity, call);
        changes.schedule(offer.item()?);
        return Ok(Some(offer));
    }
    let body = json(&CallWork::new((execution, events), call.clone()))?;
    changes.schedule(WorkItem::now(TASKS, call.token.clone(), body).in_lane(lane(call)).spilling());
    Ok(None)
}

/// Whether somebody may answer the task by its token: also that of a `.sync` one, whoever is told it by the state.
fn waits(resource: &Resource) -> bool {
    match resource {
        Resource::Activity(_) => true,
        Resource::Service(_) | Resource::Sdk(_) | Resource::Function(_) => {
            named(resource).is_some_and(|(_, pattern)| pattern != Pattern::RequestResponse)
        }
    }
}

/// Who is called: each kind of task has a lane, and of HTTP tasks each host, so that one that does not answer keeps no
/// others waiting.
fn lane(call: &TaskCall) -> String {
    let resource = call.resource.to_string();
    let Some(endpoint) = call.parameters.value()["ApiEndpoint"].as_str().filter(|_| is_http(&call.resource))
    else {
        return resource;
    };
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{resource} {}", host.to_ascii_lowercase().replace('\0', ""))
}

fn is_http(resource: &Resource) -> bool {
    matches!(resource, Resource::Service(of) if of.service == "http" && of.action == "invoke")
}

fn timer_id(execution: &Arn, timer: &TimerId) -> String {
    format!("{execution}#{timer}")
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Internal(format!("work cannot be written: {e}")))
}

/// Notes how the execution has ended.
pub(super) fn finish(execution: &mut Execution, outcome: &Outcome, now: Timestamp) {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let end = End { at: now, output: None, error: None, cause: None, events: 0 };
    let (status, end) = match outcome {
        Outcome::Succeeded { output } => (Status::Succeeded, End { output: Some(output.to_string()), ..end }),
        Outcome::Failed { failure } => {
            (Status::Failed, End { error: given(&failure.error), cause: given(&failure.cause), ..end })
        }
        Outcome::TimedOut => (Status::TimedOut, end),
        Outcome::Aborted { error, cause } => {
            (Status::Aborted, End { error: error.clone(), cause: cause.clone(), ..end })
        }
    };
    execution.status = status;
    execution.end = Some(end);
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Running => "Running",
        Status::Succeeded => "Succeeded",
        Status::Failed => "Failed",
        Status::TimedOut => "TimedOut",
        Status::Aborted => "Aborted",
    }
}
