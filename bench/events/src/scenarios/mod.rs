//! What is measured: a file each.

mod fill;
mod flow;
mod half;

use std::{future::Future, pin::Pin};

use trainyard_bench_load::{Done, server::Server};

type Run = fn(Server) -> Pin<Box<dyn Future<Output = Done>>>;

/// All scenarios, by name.
pub(crate) const ALL: &[(&str, Run)] = &[
    ("fill", |server| Box::pin(fill::run(server))),
    ("flow", |server| Box::pin(flow::run(server))),
    ("half", |server| Box::pin(half::run(server))),
];
