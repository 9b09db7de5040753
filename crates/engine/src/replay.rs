//! A recorded history decided once more, under a definition that may be another one: what would have come first that
//! did not? It reads, and changes nothing.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;
use trainyard_domain::Timestamp;
use trainyard_lang::asl::{Machine, Resource};

use crate::{
    EventKind, Fact, HistoryEvent, Moment, Payload, Run, apply, decide,
    decide::timers,
    frame::{Call, Entry, FrameId, Phase},
};

/// Where the decisions under the definition leave the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The event that was recorded; none where the record has ended.
    pub recorded: Option<HistoryEvent>,
    /// The event that is decided now; none where nothing follows.
    pub decided: Option<HistoryEvent>,
}

/// A replay under way: it is told the recorded events one by one.
///
/// The facts are not in the record, but follow from it: a `TaskSucceeded` was a task that told its result. What a
/// decision drew by lot (a UUID, a random number) is taken from the record, as far as it was decided by lot.
pub struct Replay<'m> {
    machine: &'m Machine,
    /// The most bytes of data that a decision takes.
    payload_limit: usize,
    /// The run as it was recorded.
    old: Run,
    /// The run as it is decided now.
    new: Run,
    /// What was decided and not compared yet, by two different lots.
    planned: VecDeque<(HistoryEvent, HistoryEvent)>,
    /// Whether a part of the decision under way was taken from the record.
    drawn: bool,
    /// Events whose fact is known only by one that comes after them.
    held: Vec<HistoryEvent>,
    /// When the tasks under way were called.
    called: BTreeMap<FrameId, Timestamp>,
    compared: u64,
    lots: u64,
}

impl<'m> Replay<'m> {
    /// Under this definition, and with so many bytes of data as the record may have been made with.
    pub fn new(machine: &'m Machine, payload_limit: usize) -> Self {
        Self {
            machine,
            payload_limit,
            old: Run::default(),
            new: Run::default(),
            planned: VecDeque::new(),
            drawn: false,
            held: Vec::new(),
            called: BTreeMap::new(),
            compared: 0,
            lots: 0,
        }
    }

    /// How many recorded events are decided again as they were.
    pub fn compared(&self) -> u64 {
        self.compared
    }

    /// How many of them were drawn by lot in part, and taken from the record there.
    pub fn lots(&self) -> u64 {
        self.lots
    }

    /// The next recorded event; says where the first difference is. After that nothing is to be told any more.
    pub fn hear(&mut self, event: &HistoryEvent) -> Option<Difference> {
        // The result of a map run is known by what its state leaves with.
        let waits = match (&event.kind, self.held.first()) {
            (EventKind::MapRunSucceeded, None) => true,
            (EventKind::MapStateSucceeded, Some(_)) => true,
            (_, _) => false,
        };
        if waits {
            self.held.push(event.clone());
            return None;
        }
        let output = match &event.kind {
            EventKind::StateExited { output, .. } => output.clone(),
            _ => Payload::default(),
        };
        let held = std::mem::take(&mut self.held);
        held.iter().chain([event]).find_map(|event| self.compare(event, &output))
    }

    /// The record has ended: says what would come after it.
    pub fn end(mut self) -> Option<Difference> {
        let held = std::mem::take(&mut self.held);
        let different = held.iter().find_map(|event| self.compare(event, &Payload::default()));
        different.or_else(|| {
            let (decided, _) = self.planned.pop_front()?;
            Some(Difference { recorded: None, decided: Some(decided) })
        })
    }

    fn compare(&mut self, event: &HistoryEvent, output: &Payload) -> Option<Difference> {
        if self.planned.is_empty() && self.drawn && self.is_rest_of_a_call(event) {
            self.planned.push_back((event.clone(), event.clone()));
        }
        if self.planned.is_empty() {
            let fact = self.fact(event, output);
            self.plan(event, &fact);
        }
        let step = match self.planned.pop_front() {
            Some((decided, _)) if same(&decided, event) => decided,
            Some((decided, other)) if is_drawn(&decided, &other, event) => {
                self.planned.clear();
                self.drawn = true;
                self.lots += 1;
                as_recorded(decided, event)
            }
            decided => {
                let decided = decided.map(|(decided, _)| decided);
                return Some(Difference { recorded: Some(event.clone()), decided });
            }
        };
        if let EventKind::TaskScheduled { .. } = event.kind {
            self.called.insert(event.frame, event.time);
        }
        apply(&mut self.new, &step);
        apply(&mut self.old, event);
        self.compared += 1;
        None
    }

    /// A call tells two events at once: after the first was taken from the record, so is the second.
    fn is_rest_of_a_call(&self, event: &HistoryEvent) -> bool {
        let starts = matches!(
            &event.kind,
            EventKind::TaskStarted { resource, .. } if !matches!(resource, Resource::Activity(_))
        );
        let phase = self.new.frame(event.frame).map(|frame| (&frame.phase, frame.last));
        starts && matches!(phase, Some((Phase::Calling { .. }, last)) if last == event.previous)
    }

    fn plan(&mut self, event: &HistoryEvent, fact: &Fact) {
        // What the start drew is all known: the secret of the execution is its seed.
        let seed = match event.kind {
            EventKind::ExecutionStarted { secret, .. } => secret,
            _ => 0,
        };
        let (now, payload_limit) = (event.time, self.payload_limit);
        let decided =
            |seed| decide(self.machine, &self.new, fact, &Moment { now, seed, payload_limit }).events;
        let (first, second) = (decided(seed), decided(seed ^ 0x5bd1_e995));
        // What can only go on when something happens is no part of a decision.
        self.drawn &= matches!(fact, Fact::TimerFired { timer } if *timer == timers::breath());
        let mut second = second.into_iter();
        self.planned =
            first.into_iter().map(|event| (event.clone(), second.next().unwrap_or(event))).collect();
    }

    /// The fact that the event was the first consequence of.
    fn fact(&self, event: &HistoryEvent, output: &Payload) -> Fact {
        let phase = self.old.frame(event.frame).map(|frame| &frame.phase);
        let token = phase.and_then(Phase::token).unwrap_or_default().to_owned();
        match (&event.kind, phase) {
            (EventKind::ExecutionStarted { start, .. }, _) => Fact::Started(Box::new((**start).clone())),
            (EventKind::ExecutionAborted { error, cause }, _) => {
                Fact::StopAsked { error: error.clone(), cause: cause.clone() }
            }
            (EventKind::ExecutionTimedOut, _) => {
                Fact::TimerFired { timer: timers::execution(self.old.redrives) }
            }
            (EventKind::ExecutionRedriven { .. }, _) => Fact::Redriven,
            (EventKind::TaskStarted { resource: Resource::Activity(_), worker }, _) => {
                Fact::TaskTaken { token, worker: worker.clone() }
            }
            (EventKind::TaskSubmitted { output, .. }, _) => {
                Fact::TaskSubmitted { token, response: output.value().clone() }
            }
            (EventKind::TaskSubmitFailed { failure, .. }, _) => {
                Fact::TaskSubmitFailed { token, failure: failure.clone() }
            }
            (EventKind::TaskSucceeded { output, .. }, _) => {
                Fact::TaskSucceeded { token, output: output.value().clone() }
            }
            (EventKind::TaskFailed { failure, .. }, _) => {
                Fact::TaskFailed { token, failure: failure.clone() }
            }
            (EventKind::TaskTimedOut { .. }, Some(Phase::Calling { entry, call })) => {
                self.late(event, (entry, call))
            }
            (EventKind::MapRunSucceeded, _) => Fact::MapRunSucceeded { token, output: output.clone() },
            (EventKind::MapRunFailed { failure }, _) => {
                Fact::MapRunFailed { token, failure: failure.clone() }
            }
            (_, Some(Phase::Waiting { entry, .. })) => {
                Fact::TimerFired { timer: timers::wait(event.frame, entry) }
            }
            (_, Some(Phase::Retrying { timer, .. })) => Fact::TimerFired { timer: timer.clone() },
            _ => Fact::TimerFired { timer: timers::breath() },
        }
    }

    /// Whether a task took too long, or was not heard of, is not in the record: the time tells it.
    fn late(&self, event: &HistoryEvent, (entry, call): (&Entry, &Call)) -> Fact {
        let took = self.called.get(&event.frame).map(|called| event.time.since(*called).as_secs());
        let out = call.timeout.is_some_and(|timeout| took.is_none_or(|took| took >= timeout));
        let timer = match out || call.heartbeat.is_none() {
            true => timers::timeout(event.frame, entry),
            false => timers::heartbeat(event.frame, entry),
        };
        Fact::TimerFired { timer }
    }
}

/// Whether an event would be shown as the other is, and has the same effect on time.
fn same(one: &HistoryEvent, other: &HistoryEvent) -> bool {
    until(one) == until(other) && without_time(one) == without_time(other)
}

/// Until when the event has something wait.
fn until(event: &HistoryEvent) -> Option<Timestamp> {
    match &event.kind {
        EventKind::StateEntered { until, .. } => *until,
        EventKind::ExecutionStarted { deadline, .. } | EventKind::ExecutionRedriven { deadline, .. } => {
            *deadline
        }
        _ => None,
    }
}

fn without_time(event: &HistoryEvent) -> Value {
    let mut shown = event.to_aws();
    if let Some(members) = shown.as_object_mut() {
        members.remove("timestamp");
    }
    shown
}

/// Whether all that the record has otherwise than the decision is otherwise by another lot, too.
fn is_drawn(decided: &HistoryEvent, other: &HistoryEvent, recorded: &HistoryEvent) -> bool {
    let kind = |event: &HistoryEvent| (event.type_name(), event.frame, event.previous);
    kind(decided) == kind(recorded)
        && kind(other) == kind(recorded)
        && (until(decided) == until(recorded) || until(decided) != until(other))
        && differs_by_lot(&without_time(decided), &without_time(other), &without_time(recorded))
}

fn differs_by_lot(decided: &Value, other: &Value, recorded: &Value) -> bool {
    if decided == recorded {
        return true;
    }
    match (decided, other, recorded) {
        (Value::Object(decided), Value::Object(other), Value::Object(recorded)) => {
            let named = |(name, value): (&String, &Value)| match (other.get(name), recorded.get(name)) {
                (Some(other), Some(recorded)) => differs_by_lot(value, other, recorded),
                _ => false,
            };
            decided.len() == recorded.len() && decided.iter().all(named)
        }
        (Value::Array(decided), Value::Array(other), Value::Array(recorded))
            if decided.len() == recorded.len() && decided.len() == other.len() =>
        {
            let mut all = decided.iter().zip(other).zip(recorded);
            all.all(|((decided, other), recorded)| differs_by_lot(decided, other, recorded))
        }
        (Value::String(text), Value::String(other), Value::String(recorded)) => {
            let read = |text: &str| serde_json::from_str(text).ok().filter(is_made_of_parts);
            match (read(text), read(other), read(recorded)) {
                (Some(decided), Some(other), Some(recorded)) => differs_by_lot(&decided, &other, &recorded),
                _ => text != other,
            }
        }
        (decided, other, _) => decided != other,
    }
}

fn is_made_of_parts(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// The event as it was recorded, but for what follows from the definition.
fn as_recorded(decided: HistoryEvent, recorded: &HistoryEvent) -> HistoryEvent {
    match (decided.kind, &recorded.kind) {
        (
            EventKind::StateExited { state, name, next, .. },
            EventKind::StateExited { output, assigned, .. },
        ) => {
            let (output, assigned) = (output.clone(), assigned.clone());
            let kind = EventKind::StateExited { state, name, output, assigned, next };
            HistoryEvent { kind, ..recorded.clone() }
        }
        _ => recorded.clone(),
    }
}
