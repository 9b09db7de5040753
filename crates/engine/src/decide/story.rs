//! A decision while it is being made: a copy of the run, and what is told about it.

use std::time::Duration;

use trainyard_domain::{Failure, Timestamp};
use trainyard_lang::asl::Machine;

use super::{limits::HISTORY_LIMIT, timers, trial::Notes, wreck};
use crate::{
    Command, Decision, EventKind, FORMAT, HistoryEvent, Moment, Retry, Run, apply,
    apply::follow,
    event::Sequel,
    frame::{FrameId, ROOT},
};

/// How many events one decision may tell before it lets others have a turn.
const EVENTS: usize = 200;
/// How many bytes of outputs one decision may make.
const BYTES: usize = 4 * 1024 * 1024;

/// The run as it would be after the events told so far.
pub(super) struct Story<'d> {
    pub(super) machine: &'d Machine,
    pub(super) at: Moment,
    pub(super) run: Run,
    /// How many bytes of outputs this decision has made.
    pub(super) made: usize,
    /// Whether the decision before this one grew long: the timer that goes on with it may still come.
    resting: bool,
    /// What is noted about the one state that it is about, if it is tried by itself.
    notes: Option<&'d Notes>,
    decision: Decision,
}

impl<'d> Story<'d> {
    pub(super) fn new(machine: &'d Machine, run: Run, at: Moment) -> Self {
        let resting = run.next_ready().is_some();
        Self { machine, at, run, made: 0, resting, notes: None, decision: Decision::default() }
    }

    /// The same about one state that is tried by itself, after what was told so far.
    pub(super) fn trying(
        (machine, notes): (&'d Machine, &'d Notes),
        (run, decision): (Run, Decision),
        at: Moment,
    ) -> Self {
        Self { notes: Some(notes), decision, ..Self::new(machine, run, at) }
    }

    pub(super) fn into_parts(self) -> (Run, Decision) {
        (self.run, self.decision)
    }

    /// Whether it is about one state only.
    pub(super) fn is_trial(&self) -> bool {
        self.notes.is_some()
    }

    pub(super) fn notes(&self) -> Option<&'d Notes> {
        self.notes
    }

    /// Notes something, if anybody wants to know.
    pub(super) fn note(&self, note: impl FnOnce(&Notes)) {
        if let Some(notes) = self.notes {
            note(notes);
        }
    }

    pub(super) fn decision(self) -> Decision {
        self.decision
    }

    /// Whether the decision has grown so long that others have their turn first.
    pub(super) fn is_long(&self) -> bool {
        self.decision.events.len() >= EVENTS || self.made >= BYTES
    }

    /// Whether it tells nothing yet.
    pub(super) fn is_silent(&self) -> bool {
        self.decision.events.is_empty()
    }

    pub(super) fn over(&self) -> bool {
        self.run.outcome.is_some()
    }

    /// Adds an event about the frame, which follows from the frame's last one.
    pub(super) fn tell(&mut self, frame: FrameId, kind: EventKind) {
        let outside = matches!(kind, EventKind::ExecutionStarted { .. } | EventKind::ExecutionAborted { .. });
        let last = self.run.frame(frame).map_or(0, |frame| frame.last);
        self.tell_after(frame, if outside { 0 } else { last }, kind);
    }

    /// Adds an event that follows from that one, and folds it. Nothing is added to a run that is over but its redrive;
    /// the last event that a history may have is the end of the execution.
    pub(super) fn tell_after(&mut self, frame: FrameId, previous: u64, kind: EventKind) {
        if self.over() && !matches!(kind, EventKind::ExecutionRedriven { .. }) {
            return;
        }
        let id = self.run.last_id + 1;
        let full = id >= HISTORY_LIMIT && !kind.is_last();
        if full {
            wreck::abandon(self, ROOT);
        }
        let (frame, kind) = if full { (ROOT, too_long()) } else { (frame, kind) };
        let event =
            HistoryEvent { format: FORMAT, id, previous, time: self.at.now, frame, sequel: None, kind };
        apply(&mut self.run, &event);
        self.decision.events.push(event);
        if let Some(outcome) = self.run.outcome.clone() {
            if self.run.deadline.is_some() {
                self.order(Command::ForgetTimer { timer: timers::execution(self.run.redrives) });
            }
            if self.resting {
                self.order(Command::ForgetTimer { timer: timers::breath() });
            }
            self.order(Command::Finish(outcome));
        }
    }

    /// What the frame's state does is done again later; `from` is what the next attempt follows from. False, and
    /// nothing is done, if this decision has told no event yet: a retry is remembered as part of one.
    pub(super) fn retry(&mut self, frame: FrameId, retry: Retry, from: u64) -> bool {
        let Some(last) = self.decision.events.last_mut() else { return false };
        let sequel = Sequel { frame, retry, from };
        follow(&mut self.run, &sequel);
        last.sequel = Some(Box::new(sequel));
        true
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
