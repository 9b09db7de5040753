//! What is measured: a file each.

mod chain;
mod express;
mod history;
mod map;
mod open;
mod tasks;

use std::{future::Future, pin::Pin};

use serde_json::{Value, json};

use trainyard_bench_load::times;

use crate::{Done, server::Server};

type Run = fn(Server) -> Pin<Box<dyn Future<Output = Done>>>;

/// All scenarios, by name.
pub(crate) const ALL: &[(&str, Run)] = &[
    ("chain", |server| Box::pin(chain::run(server))),
    ("express", |server| Box::pin(express::run(server))),
    ("history", |server| Box::pin(history::run(server))),
    ("map", |server| Box::pin(map::run(server))),
    ("tasks", |server| Box::pin(tasks::run(server))),
    ("open", |server| Box::pin(open::run(server))),
];

/// States one after another, each of them this.
fn row(count: usize, state: impl Fn(usize) -> Value) -> Value {
    let states: serde_json::Map<_, _> = (0..count)
        .map(|n| {
            let mut state = state(n);
            match n + 1 {
                last if last == count => state["End"] = true.into(),
                next => state["Next"] = format!("S{next}").into(),
            }
            (format!("S{n}"), state)
        })
        .collect();
    json!({"StartAt": "S0", "States": states})
}

fn pass(_: usize) -> Value {
    json!({"Type": "Pass"})
}

fn start(machine: &str, name: &str) -> String {
    json!({"stateMachineArn": machine, "name": name, "input": "{\"order\":17}"}).to_string()
}
