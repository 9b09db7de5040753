//! A map run's document: what it is to do, how far it has come.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Failure, Principal, Scope, Timestamp, principal::Lineage};
use trainyard_engine::{MapRunCall, Payload};
use trainyard_store::{Keys, Noun};

use super::super::{execution::Execution, execution::Status, names, redrivable::MOST_REDRIVES};
use crate::identity::role_session;

/// The child executions of one distributed Map state. It changes whenever some of them begin or end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRun {
    /// Where.
    pub scope: Scope,
    /// `arn:…:mapRun:<machine>/<label>:<id>`
    pub arn: Arn,
    /// What its children are executions of, by name: `<machine>/<label>`.
    pub machine: String,
    /// The execution whose state it is.
    pub execution: Arn,
    /// How many children may run at once; 0 for as many as there may be.
    pub concurrency: u64,
    /// How many items may fail; none if that was not said.
    pub tolerated_count: Option<u64>,
    /// Which part of the items may fail, of 100; none if that was not said.
    pub tolerated_percentage: Option<f64>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    #[serde(default)]
    pub ended: Option<Timestamp>,
    /// How it stands.
    pub status: MapRunStatus,
    /// Its children.
    pub executions: Tally,
    /// The items in them.
    pub items: Tally,
    /// The state's name.
    pub(super) state: String,
    /// Where the state is in the definition.
    pub(super) pointer: String,
    /// What the execution waits for it by.
    pub(super) token: String,
    /// The revision that the execution began with.
    pub(super) revision: String,
    pub(super) role: Arn,
    pub(super) by: Arn,
    pub(super) lineage: Lineage,
    /// How often reading the items was begun: each time has a list of its own.
    pub(super) readings: u32,
    /// Whether all that was to be read is in the list.
    pub(super) read: bool,
    /// Why no more children begin, and those under way are ended.
    #[serde(default)]
    pub(super) stop: Option<Stop>,
    /// Where the results are written.
    #[serde(default)]
    pub(super) results: Option<Payload>,
    /// How often it was redriven.
    #[serde(default)]
    pub redrives: u32,
    /// When it was redriven the last time.
    #[serde(default)]
    pub redriven: Option<Timestamp>,
    /// The first child that the redrive has not looked at yet.
    #[serde(default)]
    pub(super) redrive_from: u64,
    /// How many events the history of its execution had when it was asked for.
    #[serde(default)]
    pub(super) events: u64,
}

/// AWS's words for how a map run stands.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MapRunStatus {
    /// It runs.
    Running,
    /// It ended well.
    Succeeded,
    /// It ended badly.
    Failed,
    /// Its execution does not wait for it any more.
    Aborted,
}

/// Why a map run stops before its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Stop {
    /// It has failed.
    Failed(Failure),
    /// Nobody waits for it.
    Aborted,
}

/// How many there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// All.
    pub total: u64,
    /// Those under way.
    pub running: u64,
    /// Those that ended well.
    pub succeeded: u64,
    /// Those that ended badly.
    pub failed: u64,
    /// Those that took too long.
    pub timed_out: u64,
    /// Those that were stopped.
    pub aborted: u64,
    /// Those whose results were handed on.
    pub results_written: u64,
    /// Those among the unsuccessful ones that are still to be redriven.
    #[serde(default, skip_serializing_if = "Waiting::is_none")]
    pub waiting: Waiting,
    /// Those among the unsuccessful ones that the last redrive had to leave as they are.
    #[serde(default)]
    pub not_redrivable: u64,
}

/// How many wait for their redrive, by how they ended before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Badly.
    pub failed: u64,
    /// Too late.
    pub timed_out: u64,
    /// They were stopped.
    pub aborted: u64,
}

impl Waiting {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// All.
    pub fn total(&self) -> u64 {
        self.failed + self.timed_out + self.aborted
    }

    fn take(&mut self, status: Status, count: u64) {
        let waiting = match status {
            Status::Failed => &mut self.failed,
            Status::TimedOut => &mut self.timed_out,
            Status::Aborted => &mut self.aborted,
            Status::Running | Status::Succeeded => return,
        };
        *waiting = waiting.saturating_sub(count);
    }
}

impl Tally {
    /// Those that were not begun.
    pub fn pending(&self) -> u64 {
        self.total.saturating_sub(self.begun())
    }

    /// Those that were begun.
    pub(in super::super) fn begun(&self) -> u64 {
        self.running + self.ended()
    }

    /// Those that have ended, however.
    pub(in super::super) fn ended(&self) -> u64 {
        self.succeeded + self.failed + self.timed_out + self.aborted
    }

    /// Those that ended badly, and not just before a redrive that comes to them yet.
    pub(in super::super) fn lost(&self) -> u64 {
        (self.failed + self.timed_out + self.aborted).saturating_sub(self.waiting.total())
    }

    /// A redrive begins: all that did not end well waits for it.
    fn reopen(&mut self) {
        self.waiting = Waiting { failed: self.failed, timed_out: self.timed_out, aborted: self.aborted };
        (self.results_written, self.not_redrivable) = (0, 0);
    }

    fn redrive(&mut self, status: Status, count: u64) {
        self.waiting.take(status, count);
        let ended = match status {
            Status::Failed => &mut self.failed,
            Status::TimedOut => &mut self.timed_out,
            Status::Aborted => &mut self.aborted,
            Status::Running | Status::Succeeded => return,
        };
        *ended = ended.saturating_sub(count);
        self.running += count;
    }

    fn leave(&mut self, status: Status, count: u64) {
        self.waiting.take(status, count);
        self.not_redrivable += count;
    }

    /// Those that are still to be redriven cannot be.
    fn leave_rest(&mut self) {
        self.not_redrivable += self.waiting.total();
        self.waiting = Waiting::default();
    }

    /// How many have ended so.
    fn ended_so(&self, status: Status) -> u64 {
        match status {
            Status::Running => 0,
            Status::Succeeded => self.succeeded,
            Status::Failed => self.failed,
            Status::TimedOut => self.timed_out,
            Status::Aborted => self.aborted,
        }
    }

    /// Those under way will tell no end: they count as stopped.
    fn lose_running(&mut self) {
        self.aborted += std::mem::take(&mut self.running);
    }

    /// It is over: nothing waits any more.
    pub(super) fn close(&mut self) {
        (self.results_written, self.waiting) = (self.ended(), Waiting::default());
    }

    fn end(&mut self, status: Status, count: u64) {
        self.running = self.running.saturating_sub(count);
        match status {
            Status::Running => self.running += count,
            Status::Succeeded => self.succeeded += count,
            Status::Failed => self.failed += count,
            Status::TimedOut => self.timed_out += count,
            Status::Aborted => self.aborted += count,
        }
    }
}

impl MapRun {
    /// The map run that this execution has asked for.
    pub(in super::super) fn new(
        execution: &Execution,
        call: &MapRunCall,
        (events, now): (u64, Timestamp),
    ) -> Option<Self> {
        Some(Self {
            scope: execution.scope.clone(),
            arn: call.arn.parse().ok()?,
            machine: call.machine.clone(),
            execution: execution.arn(),
            concurrency: call.concurrency,
            tolerated_count: call.tolerated_count,
            tolerated_percentage: call.tolerated_percentage,
            started: now,
            ended: None,
            status: MapRunStatus::Running,
            executions: Tally::default(),
            items: Tally::default(),
            state: call.state_name.clone(),
            pointer: call.pointer.clone(),
            token: call.token.clone(),
            revision: execution.revision.clone(),
            role: execution.role.clone(),
            by: execution.by.clone(),
            lineage: execution.lineage.clone(),
            readings: 0,
            read: false,
            stop: None,
            results: call.results.as_ref().map(|sink| sink.arguments.clone()),
            redrives: 0,
            redriven: None,
            redrive_from: 0,
            events,
        })
    }

    /// It goes on with what has not ended well, for whoever waits by the new token.
    pub(super) fn reopen(&mut self, call: &MapRunCall, now: Timestamp) {
        (self.status, self.ended, self.stop) = (MapRunStatus::Running, None, None);
        self.token = call.token.clone();
        self.results = call.results.as_ref().map(|sink| sink.arguments.clone());
        (self.redrives, self.redriven, self.redrive_from) = (self.redrives + 1, Some(now), 0);
        self.executions.reopen();
        self.items.reopen();
        if self.redrives > MOST_REDRIVES {
            let cause = format!("The map run was redriven more than {MOST_REDRIVES} times.");
            self.stop = Some(Stop::Failed(Failure::new("States.Runtime", cause)));
        }
    }

    /// Whether the child of that index, which has not ended well, is still to be redriven.
    pub(super) fn is_about_to_redrive(&self, index: u64) -> bool {
        self.ended.is_none() && self.executions.waiting.total() > 0 && index >= self.redrive_from
    }

    /// A child of so many items, which ended so, goes on.
    pub(super) fn redrive(&mut self, status: Status, items: u32) {
        self.executions.redrive(status, 1);
        self.items.redrive(status, u64::from(items));
    }

    /// A child of so many items, which ended so, cannot go on.
    pub(super) fn leave(&mut self, status: Status, items: u32) {
        self.executions.leave(status, 1);
        self.items.leave(status, u64::from(items));
    }

    /// The children that are still to be redriven cannot be read: they stay as they are.
    pub(super) fn leave_rest(&mut self) {
        self.executions.leave_rest();
        self.items.leave_rest();
    }

    /// So many children have ended so: those of them that were not counted yet will tell it to nobody. How many items were
    /// in them is not known either: each is taken to have had as many as the others.
    pub(super) fn settle(&mut self, status: Status, ended: u64) {
        let running = self.executions.running;
        let missed = ended.saturating_sub(self.executions.ended_so(status)).min(running);
        if missed > 0 {
            self.executions.end(status, missed);
            self.items.end(status, self.items.running * missed / running);
        }
    }

    /// The children under way cannot be read, and so not be stopped: nobody waits for them any more.
    pub(super) fn lose_running(&mut self) {
        self.executions.lose_running();
        self.items.lose_running();
    }

    /// The state machine that its children are executions of.
    pub fn machine_arn(&self) -> Arn {
        names::machine_arn(&self.scope, &self.machine)
    }

    /// In whose name items are read and results are written.
    pub(super) fn principal(&self) -> Principal {
        let lineage = Lineage { execution: Some(self.execution.to_string()), ..self.lineage.clone() };
        role_session(&self.role, self.scope.account.clone(), self.id_part(), lineage)
    }

    /// The last part of its ARN.
    pub(super) fn id_part(&self) -> &str {
        self.arn.resource.rsplit(':').next().unwrap_or_default()
    }

    /// Where the inputs of its children are listed.
    pub(super) fn inputs(&self) -> String {
        format!("map-run/{}/{}", self.arn, self.readings)
    }

    /// A child of so many items has begun.
    pub(super) fn begin(&mut self, items: u32) {
        self.executions.running += 1;
        self.items.running += u64::from(items);
    }

    /// A child of so many items has ended.
    pub(super) fn end(&mut self, status: Status, items: u32) {
        self.executions.end(status, 1);
        self.items.end(status, u64::from(items));
    }
}

impl Noun for MapRun {
    const KIND: &'static str = "map-run";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.arn.to_string()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("execution", format!("{}/{:019}", self.execution, self.started.millis().max(0)));
    }
}

/// What a map run was asked for with, until its items are read: they may be part of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Order {
    pub(in super::super) scope: Scope,
    pub(in super::super) call: MapRunCall,
}

impl Noun for Order {
    const KIND: &'static str = "map-run-order";
    const SPILLS: bool = true;

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.call.arn.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

#[cfg(test)]
mod tests {
    use super::{super::tests::map_run, *};

    #[test]
    fn what_was_not_counted_is_counted_once_and_the_rest_is_lost() {
        let mut run = map_run();
        (0..5).for_each(|_| run.begin(10));
        run.end(Status::Succeeded, 10);
        let ends = [(Status::Succeeded, 2), (Status::Failed, 2), (Status::TimedOut, 0), (Status::Aborted, 0)];
        for _ in 0..2 {
            ends.iter().for_each(|(status, count)| run.settle(*status, *count));
            let tally = Tally { running: 1, succeeded: 2, failed: 2, ..Tally::default() };
            assert_eq!(run.executions, tally);
            assert_eq!(run.items, Tally { running: 10, succeeded: 20, failed: 20, ..Tally::default() });
        }
        run.lose_running();
        assert_eq!((run.executions.aborted, run.items.aborted, run.items.running), (1, 10, 0));
    }
}
