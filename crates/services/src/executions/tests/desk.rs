//! A service of the tests' own, behind the real seam: work is laid on a desk and somebody ends it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use serde_json::{Value, json};
use trainyard_domain::{
    Event, Failure, Scope,
    event::{DEFAULT_BUS, Way},
};
use trainyard_store::{Changes, Store};

use crate::{
    bus,
    executions::task::{Call, Pattern, Started, Task, TaskError},
    ground::Ground,
};

/// `desk:work`: it is outside of the server, so it outlives a crash.
#[derive(Clone, Default)]
pub(super) struct Desk(Arc<Mutex<Papers>>);

#[derive(Default)]
struct Papers {
    /// By token: what was asked for.
    begun: BTreeMap<String, Value>,
    /// By token: the result.
    ended: BTreeMap<String, Value>,
    /// Tokens whose work was ended by the execution.
    cancelled: Vec<String>,
    /// How many more calls fail.
    failures: u32,
    /// Names of work that is refused.
    refused: BTreeSet<String>,
    /// Work that ends before its caller hears that it has begun.
    at_once: bool,
}

impl Desk {
    /// The tokens under which work of this name was begun.
    pub(super) fn begun(&self, name: &str) -> Vec<String> {
        let papers = self.0.lock().unwrap();
        let of_name = papers.begun.iter().filter(|(_, asked)| asked["name"] == name);
        of_name.map(|(token, _)| token.clone()).collect()
    }

    /// How much work was begun in all.
    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().begun.len()
    }

    pub(super) fn cancelled(&self) -> Vec<String> {
        self.0.lock().unwrap().cancelled.clone()
    }

    pub(super) fn fail(&self, times: u32) {
        self.0.lock().unwrap().failures = times;
    }

    /// Work of this name is refused from now on, or not any more.
    pub(super) fn refuse(&self, name: &str, refused: bool) {
        let names = &mut self.0.lock().unwrap().refused;
        let _ = if refused { names.insert(name.to_owned()) } else { names.remove(name) };
    }

    pub(super) fn end_at_once(&self) {
        self.0.lock().unwrap().at_once = true;
    }

    /// Whether the work is done, and was not before.
    fn end(&self, token: &str) -> bool {
        let mut papers = self.0.lock().unwrap();
        let asked = papers.begun[token].clone();
        papers.ended.insert(token.to_owned(), json!({"did": asked["name"]})).is_none()
    }

    /// The work is done, and that is told on the bus.
    pub(super) async fn end_and_tell(&self, store: &Store, token: &str) {
        if !self.end(token) {
            return;
        }
        let event = Event {
            id: Ground::new(store.clone()).uuid(),
            scope: Scope::default_scope(),
            bus: DEFAULT_BUS.to_owned(),
            time: trainyard_domain::Timestamp::default(),
            source: "aws.desk".to_owned(),
            detail_type: "Desk Work State Change".to_owned(),
            way: Way::default(),
            resources: vec![subject(token)],
            detail: json!({}),
        };
        let mut changes = Changes::new();
        bus::tell(&mut changes, &event).unwrap();
        store.commit(changes).await.unwrap();
    }
}

fn subject(token: &str) -> String {
    format!("arn:aws:desk:us-east-1:000000000000:work/{token}")
}

#[async_trait]
impl Task for Desk {
    fn resource(&self) -> &'static str {
        "desk:work"
    }

    fn takes(&self, _: Pattern) -> bool {
        true
    }

    async fn start(&self, call: &Call) -> Result<Started, TaskError> {
        assert!(call.principal.lineage.execution.is_some() && call.principal.role.is_some());
        let mut papers = self.0.lock().unwrap();
        if papers.failures > 0 {
            papers.failures -= 1;
            return Err(TaskError::Failed(Failure::new("Desk.Full", "come back later")));
        }
        if call.parameters["name"].as_str().is_some_and(|name| papers.refused.contains(name)) {
            return Err(TaskError::Failed(Failure::new("Desk.Refused", "not this")));
        }
        papers.begun.entry(call.token.clone()).or_insert_with(|| call.parameters.clone());
        if papers.at_once {
            papers.ended.insert(call.token.clone(), json!({"did": call.parameters["name"]}));
        }
        let response = json!({"work": call.parameters["name"]});
        Ok(Started { response, subject: Some(subject(&call.token)) })
    }

    async fn observe(&self, call: &Call, _: &Started) -> Result<Option<Value>, TaskError> {
        Ok(self.0.lock().unwrap().ended.get(&call.token).cloned())
    }

    async fn cancel(&self, call: &Call, _: Option<&Started>) -> Result<(), TaskError> {
        self.0.lock().unwrap().cancelled.push(call.token.clone());
        Ok(())
    }
}
