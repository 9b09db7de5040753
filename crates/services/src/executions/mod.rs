//! Executions of state machines.

pub mod task;
