//! A world in virtual time: it carries out what the engine orders, as the test tells it.

#![allow(dead_code)] // each test binary uses its part

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trainyard_domain::{Failure, Timestamp};
use trainyard_engine::{
    Command, Decision, Fact, HistoryEvent, MapRunCall, Moment, Outcome, PAYLOAD_LIMIT, Run, Start, TaskCall,
    TimerId, apply, decide,
};
use trainyard_lang::asl::{Machine, invalid_definition, parse_value};

/// One execution and the world around it.
pub(crate) struct World {
    pub(crate) machine: Machine,
    pub(crate) run: Run,
    pub(crate) events: Vec<HistoryEvent>,
    pub(crate) timers: BTreeMap<TimerId, Timestamp>,
    /// The calls, in order, of all tasks.
    pub(crate) calls: Vec<TaskCall>,
    /// The map runs, in order, of all distributed Maps.
    pub(crate) map_runs: Vec<MapRunCall>,
    pub(crate) cancelled: Vec<String>,
    pub(crate) finished: Option<Outcome>,
    pub(crate) now: Timestamp,
    pub(crate) payload_limit: usize,
    /// The most events that one decision has told.
    pub(crate) longest: usize,
}

pub(crate) fn machine(definition: &Value) -> Machine {
    parse_value(definition).map_err(|e| invalid_definition(&e)).expect("a good definition")
}

pub(crate) fn start(input: Value) -> Start {
    Start {
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:train:run-1".to_owned(),
        name: "run-1".to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/train".to_owned(),
        start_time: Timestamp(1_700_000_000_000),
        input: input.into(),
        machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:train".to_owned(),
        machine_name: "train".to_owned(),
        redrive_count: Some(0),
        redrive_time: None,
    }
}

impl World {
    /// An execution that has been started.
    pub(crate) fn begin(definition: &Value, input: Value) -> Self {
        Self::begin_within(PAYLOAD_LIMIT, definition, input)
    }

    /// The same where so many bytes of data are taken.
    pub(crate) fn begin_within(payload_limit: usize, definition: &Value, input: Value) -> Self {
        let mut world = Self {
            machine: machine(definition),
            run: Run::default(),
            events: Vec::new(),
            timers: BTreeMap::new(),
            calls: Vec::new(),
            map_runs: Vec::new(),
            cancelled: Vec::new(),
            finished: None,
            now: Timestamp(1_700_000_000_000),
            payload_limit,
            longest: 0,
        };
        world.tell(&Fact::Started(Box::new(start(input))));
        world
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment { now: self.now, seed: 7, payload_limit: self.payload_limit }
    }

    /// Tells a fact and carries out what follows.
    pub(crate) fn tell(&mut self, fact: &Fact) -> Decision {
        let decision = decide(&self.machine, &self.run, fact, &self.moment());
        self.longest = self.longest.max(decision.events.len());
        for event in &decision.events {
            apply(&mut self.run, event);
            self.events.push(event.clone());
        }
        for command in &decision.commands {
            match command.clone() {
                Command::RunTask(call) => self.calls.push(call),
                Command::CancelTask { token, .. } => self.cancelled.push(token),
                Command::WakeAt { timer, at } => drop(self.timers.insert(timer, at)),
                Command::ForgetTimer { timer } => drop(self.timers.remove(&timer)),
                Command::StartMapRun(call) | Command::RedriveMapRun(call) => self.map_runs.push(*call),
                Command::StopMapRun { token, .. } => self.cancelled.push(token),
                Command::Finish(outcome) => {
                    assert!(self.finished.replace(outcome).is_none(), "finished twice")
                }
            }
        }
        decision
    }

    /// Has an execution that is over go on.
    pub(crate) fn redrive(&mut self) -> Decision {
        let finished = self.finished.take();
        let decision = self.tell(&Fact::Redriven);
        if decision.events.is_empty() {
            self.finished = finished;
        }
        decision
    }

    /// The token of the last call.
    pub(crate) fn token(&self) -> String {
        self.calls.last().expect("a call").token.clone()
    }

    pub(crate) fn submit(&mut self, response: Value) -> Decision {
        self.tell(&Fact::TaskSubmitted { token: self.token(), response })
    }

    pub(crate) fn succeed(&mut self, output: Value) -> Decision {
        self.tell(&Fact::TaskSucceeded { token: self.token(), output })
    }

    pub(crate) fn fail(&mut self, error: &str, cause: &str) -> Decision {
        self.tell(&Fact::TaskFailed { token: self.token(), failure: Failure::new(error, cause) })
    }

    /// Lets time pass until the next timer fires: the fact of it. None if no timer is set.
    pub(crate) fn next_timer(&mut self) -> Option<Fact> {
        let next = self.timers.iter().min_by_key(|(timer, at)| (**at, (*timer).clone()));
        let (timer, at) = next.map(|(timer, at)| (timer.clone(), *at))?;
        self.timers.remove(&timer);
        self.now = self.now.max(at);
        Some(Fact::TimerFired { timer })
    }

    /// Lets the next timer fire. False if there is none.
    pub(crate) fn wait(&mut self) -> bool {
        let next = self.next_timer();
        if let Some(fact) = &next {
            self.tell(fact);
        }
        next.is_some()
    }

    /// The types of all events.
    pub(crate) fn types(&self) -> Vec<String> {
        self.events.iter().map(HistoryEvent::type_name).collect()
    }

    pub(crate) fn output(&self) -> Value {
        match &self.finished {
            Some(Outcome::Succeeded { output }) => output.value().clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn failure(&self) -> (String, String) {
        match &self.finished {
            Some(Outcome::Failed { failure }) => (failure.error.clone(), failure.cause.clone()),
            other => panic!("{other:?}"),
        }
    }
}

/// A machine of one task that ends after it, with these fields besides.
pub(crate) fn one_task(fields: &Value) -> Value {
    let mut task = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"Token.$": "$$.Task.Token", "Try.$": "$$.State.RetryCount"},
        "End": true,
    });
    for (name, value) in fields.as_object().expect("fields") {
        task[name] = value.clone();
    }
    let mut states = json!({"Task": task});
    if task.get("Catch").is_some() {
        states["Caught"] = json!({"Type": "Pass", "End": true});
    }
    json!({"StartAt": "Task", "States": states})
}

/// As the store keeps it.
pub(crate) fn stored(events: &[HistoryEvent]) -> Vec<HistoryEvent> {
    let text = serde_json::to_string(events).expect("events are JSON");
    serde_json::from_str(&text).expect("stored events can be read")
}
