//! The fold: the only way in which a run changes.

use std::collections::BTreeMap;

use crate::{
    EventKind, HistoryEvent, Outcome, Retry, Run,
    run::{Call, Entry, Phase},
};

/// Folds one event into the run. Recovery is this and nothing else, so what it makes of an event never depends on
/// the definition, the time or the version of the code that decided it.
pub fn apply(run: &mut Run, event: &HistoryEvent) {
    run.last_id = event.id;
    // What the machine did not do itself is no cause of what it does next.
    if !matches!(event.kind, EventKind::ExecutionStarted { .. } | EventKind::ExecutionAborted { .. }) {
        run.frame.last = event.id;
    }
    match &event.kind {
        EventKind::ExecutionStarted { start, start_at, deadline, secret } => {
            run.frame.phase = Phase::Between { next: Some(start_at.clone()), output: start.input.clone() };
            run.start = Some(start.clone());
            run.deadline = *deadline;
            run.secret = *secret;
        }
        EventKind::StateEntered { name, input, until, .. } => {
            let entry = Entry {
                state: name.clone(),
                id: event.id,
                time: event.time,
                input: input.clone(),
                retry_count: 0,
                retries: BTreeMap::new(),
            };
            run.frame.phase = match until {
                Some(until) => Phase::Waiting { entry, until: *until },
                None => Phase::Entered(entry),
            };
        }
        EventKind::StateExited { output, next, .. } => {
            run.frame.phase = Phase::Between { next: next.clone(), output: output.clone() };
        }
        EventKind::TaskScheduled { resource, timeout, heartbeat, token, .. } => {
            let call = Call {
                token: token.clone(),
                resource: resource.clone(),
                timeout: *timeout,
                heartbeat: *heartbeat,
                submitted: false,
            };
            on_entry(run, |entry| Phase::Calling { entry, call });
        }
        EventKind::TaskStarted { .. } => {}
        EventKind::TaskSubmitted { .. } => {
            if let Phase::Calling { call, .. } = &mut run.frame.phase {
                call.submitted = true;
            }
        }
        EventKind::TaskSucceeded { .. } => on_entry(run, Phase::Answered),
        EventKind::TaskSubmitFailed { retry, .. }
        | EventKind::TaskFailed { retry, .. }
        | EventKind::TaskTimedOut { retry, .. } => on_entry(run, |entry| match retry {
            Some(retry) => again(entry, retry),
            None => Phase::Answered(entry),
        }),
        EventKind::ExecutionSucceeded { output } => {
            finish(run, Outcome::Succeeded { output: output.clone() })
        }
        EventKind::ExecutionFailed { failure } => finish(run, Outcome::Failed { failure: failure.clone() }),
        EventKind::ExecutionTimedOut => finish(run, Outcome::TimedOut),
        EventKind::ExecutionAborted { error, cause } => {
            finish(run, Outcome::Aborted { error: error.clone(), cause: cause.clone() });
        }
    }
}

fn again(mut entry: Entry, retry: &Retry) -> Phase {
    entry.retry_count += 1;
    *entry.retries.entry(retry.retrier).or_default() += 1;
    Phase::Retrying { entry, timer: retry.timer.clone(), at: retry.at }
}

fn finish(run: &mut Run, outcome: Outcome) {
    run.frame.phase = Phase::Over;
    run.outcome = Some(outcome);
}

/// A history that was tampered with must not bring anybody down: an event without its state changes nothing.
fn on_entry(run: &mut Run, next: impl FnOnce(Entry) -> Phase) {
    let entry = match std::mem::take(&mut run.frame.phase) {
        Phase::Entered(entry)
        | Phase::Waiting { entry, .. }
        | Phase::Calling { entry, .. }
        | Phase::Retrying { entry, .. }
        | Phase::Answered(entry) => entry,
        other => {
            run.frame.phase = other;
            return;
        }
    };
    run.frame.phase = next(entry);
}
