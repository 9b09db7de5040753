//! One execution: a pure function decides what follows from a fact, and the fold of what was decided is the run.
//!
//! ```text
//! fact ──▶ decide(machine, run, fact, moment) ──▶ events ──▶ apply ──▶ run
//!                                            └──▶ commands ──▶ the world ──▶ facts
//! ```
//! No clock, no chance, no store: [`Moment`] brings time and seed, the caller commits events and commands together.

mod apply;
mod command;
mod decide;
mod event;
mod fact;
mod frame;
mod payload;
mod redriven;
mod render;
mod replay;
mod run;
mod shelf;
mod standing;
mod token;

pub use apply::apply;
pub use command::{Batch, Command, Decision, ItemSource, MapRunCall, Outcome, ResultSink, TaskCall};
pub use decide::{
    End, HISTORY_LIMIT, PAYLOAD_LIMIT, Plan, REDRIVE_LIMIT, Report, Setting, Trial, Wanted, decide,
    select_items,
};
pub use event::{EventKind, FORMAT, HistoryEvent, Resumed, Retry, StateType};
pub use fact::{Fact, Moment, Start, TimerId};
pub use payload::Payload;
pub use replay::{Difference, Replay};
pub use run::Run;
pub use standing::{Doing, Standing};
pub use token::Token;
