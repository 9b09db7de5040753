//! A decision while it is being made: a copy of the run, and what is told about it.

use std::time::Duration;

use trainyard_domain::{Failure, Timestamp};
use trainyard_lang::asl::Machine;

use super::limits::HISTORY_LIMIT;
use crate::{Command, Decision, EventKind, FORMAT, HistoryEvent, Moment, Run, apply};

/// The run as it would be after the events told so far.
pub(super) struct Story<'d> {
    pub(super) machine: &'d Machine,
    pub(super) at: &'d Moment,
    pub(super) run: Run,
    /// How many bytes of outputs this decision has made.
    pub(super) made: usize,
    decision: Decision,
}

impl<'d> Story<'d> {
    pub(super) fn new(machine: &'d Machine, run: Run, at: &'d Moment) -> Self {
        Self { machine, at, run, made: 0, decision: Decision::default() }
    }

    pub(super) fn decision(self) -> Decision {
        self.decision
    }

    /// How many events this decision has told.
    pub(super) fn told(&self) -> usize {
        self.decision.events.len()
    }

    pub(super) fn over(&self) -> bool {
        self.run.outcome.is_some()
    }

    /// Adds an event and folds it. Nothing is added to a run that is over; the last event that a history may have
    /// is the end of the execution.
    pub(super) fn tell(&mut self, kind: EventKind) {
        if self.over() {
            return;
        }
        let id = self.run.last_id + 1;
        let full = id >= HISTORY_LIMIT && !kind.is_last();
        if full {
            super::flow::abandon(self);
        }
        let kind = if full { too_long() } else { kind };
        let outside = matches!(kind, EventKind::ExecutionStarted { .. } | EventKind::ExecutionAborted { .. });
        let previous = if outside { 0 } else { self.run.frame.last };
        let event = HistoryEvent { format: FORMAT, id, previous, time: self.at.now, kind };
        apply(&mut self.run, &event);
        self.decision.events.push(event);
        if let Some(outcome) = self.run.outcome.clone() {
            if self.run.deadline.is_some() {
                self.order(Command::ForgetTimer { timer: super::timers::execution() });
            }
            self.order(Command::Finish(outcome));
        }
    }

    /// Asks for something to be done.
    pub(super) fn order(&mut self, command: Command) {
        self.decision.commands.push(command);
    }

    /// So many milliseconds from now.
    pub(super) fn later(&self, millis: u64) -> Timestamp {
        self.at.now.plus(Duration::from_millis(millis))
    }

    /// A seed of its own for each place of the history.
    pub(super) fn seed(&self) -> u64 {
        let place = self.run.last_id.wrapping_add(1).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let mixed = (self.at.seed ^ place).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        mixed ^ (mixed >> 33)
    }
}

/// <https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html>
fn too_long() -> EventKind {
    let cause = format!("The execution reached the maximum number of history events ({HISTORY_LIMIT}).");
    EventKind::ExecutionFailed { failure: Failure::new("States.Runtime", cause) }
}
