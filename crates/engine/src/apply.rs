//! The fold: the only way in which a run changes.

use std::{collections::BTreeMap, sync::Arc};

use trainyard_domain::Timestamp;

use crate::{
    EventKind, HistoryEvent, Outcome, Payload, Retry, Run,
    event::Sequel,
    frame::{Call, Entry, Fork, Frame, FrameId, MapCall, Phase, Place},
    redriven::redriven,
    shelf::Shelf,
};

/// Folds one event into the run. Recovery is this and nothing else, so what it makes of an event never depends on
/// the definition, the time or the version of the code that decided it. It costs the same however long the history is.
///
/// A history that was tampered with must not bring anybody down: an event without its state changes nothing.
pub fn apply(run: &mut Run, event: &HistoryEvent) {
    run.last_id = event.id;
    run.turn = event.frame;
    match &event.kind {
        EventKind::ExecutionStarted { start, start_at, deadline, secret } => {
            // An express execution that is redriven begins once more.
            if run.outcome.is_some() {
                *run = run.anew();
            }
            let phase = Phase::Between { next: Some(start_at.clone()), output: start.input.clone() };
            run.begin_root(frame(None, 0, phase));
            run.start = Some(start.clone());
            run.context = Arc::new(start.context());
            run.deadline = *deadline;
            run.secret = *secret;
        }
        EventKind::ExecutionSucceeded { output } => {
            run.finish(Outcome::Succeeded { output: output.clone() });
        }
        EventKind::ExecutionFailed { failure } => run.finish(Outcome::Failed { failure: failure.clone() }),
        EventKind::ExecutionTimedOut => run.finish(Outcome::TimedOut),
        EventKind::ExecutionAborted { error, cause } => {
            run.finish(Outcome::Aborted { error: error.clone(), cause: cause.clone() });
        }
        EventKind::ParallelStateStarted { input, branches } => branch(run, event, input, branches),
        EventKind::MapIterationStarted { index, of, start_at, input, .. } => {
            let place = Place { frame: *of, index: *index };
            let phase = Phase::Between { next: Some(start_at.clone()), output: input.clone() };
            iterate(run, place, frame(Some(place), event.id, phase));
        }
        EventKind::MapIterationSucceeded { .. } => join(run, event.frame, event.id),
        // It stays where it stands: the Map is left or tried again next, or the execution is over until a redrive.
        EventKind::MapIterationFailed { .. } | EventKind::MapIterationAborted { .. } => {}
        EventKind::ExecutionRedriven { count, deadline, resumed } => {
            redriven(run, event, (*count, *deadline), resumed);
        }
        EventKind::StateExited { output, assigned, next, .. } => {
            run.end_children(event.frame);
            run.assign(event.frame, assigned);
            run.change(event.frame, |frame| {
                frame.last = event.id;
                frame.phase = Phase::Between { next: next.clone(), output: output.clone() };
            });
            if next.is_none() {
                end_of_branch(run, event.frame, event.id);
            }
        }
        _ => run.change(event.frame, |frame| state(frame, event)),
    }
    if let Some(sequel) = &event.sequel {
        follow(run, sequel);
    }
}

/// What an event makes of the state that it is about.
fn state(frame: &mut Frame, event: &HistoryEvent) {
    let previous = std::mem::replace(&mut frame.last, event.id);
    match &event.kind {
        EventKind::StateEntered { name, input, until, .. } => {
            frame.phase = entered(event, name, input, *until);
        }
        EventKind::TaskScheduled { resource, timeout, heartbeat, token, .. } => {
            let call = Call {
                token: token.clone(),
                resource: resource.clone(),
                timeout: *timeout,
                heartbeat: *heartbeat,
                started: false,
                submitted: false,
            };
            on_entry(frame, |entry| Phase::Calling { entry, call });
        }
        EventKind::TaskStarted { .. } => on_call(frame, |call| call.started = true),
        EventKind::TaskSubmitted { .. } => on_call(frame, |call| call.submitted = true),
        EventKind::TaskSubmitFailed { retry, .. }
        | EventKind::TaskFailed { retry, .. }
        | EventKind::TaskTimedOut { retry, .. } => on_entry(frame, |entry| match retry {
            Some(retry) => again(entry, retry),
            None => Phase::Answered(entry),
        }),
        EventKind::MapStateStarted { length, items: Some(items), concurrency } => {
            fork(
                frame,
                event.id,
                Sizes { input: items, total: *length, limit: *concurrency, iterates: true },
            );
        }
        EventKind::MapRunStarted { .. }
        | EventKind::MapRunRedriven { .. }
        | EventKind::MapRunSucceeded
        | EventKind::MapRunFailed { .. }
        | EventKind::MapRunAborted => map_run(frame, &event.kind),
        // What follows hangs on the last branch or iteration, not on these.
        EventKind::ParallelStateSucceeded | EventKind::MapStateSucceeded => {
            frame.last = previous;
            close(frame);
        }
        EventKind::TaskSucceeded { .. }
        | EventKind::MapStateStarted { items: None, .. }
        | EventKind::ParallelStateFailed
        | EventKind::MapStateFailed
        | EventKind::StateAborted { .. } => close(frame),
        // What follows from it is told by the events after it.
        EventKind::EvaluationFailed { .. } => {}
        EventKind::ExecutionStarted { .. }
        | EventKind::ExecutionSucceeded { .. }
        | EventKind::ExecutionFailed { .. }
        | EventKind::ExecutionTimedOut
        | EventKind::ExecutionAborted { .. }
        | EventKind::ExecutionRedriven { .. }
        | EventKind::StateExited { .. }
        | EventKind::ParallelStateStarted { .. }
        | EventKind::MapIterationStarted { .. }
        | EventKind::MapIterationSucceeded { .. }
        | EventKind::MapIterationFailed { .. }
        | EventKind::MapIterationAborted { .. } => frame.last = previous,
    }
}

fn frame(parent: Option<Place>, last: u64, phase: Phase) -> Frame {
    Frame { parent, last, variables: Arc::default(), phase }
}

fn entered(event: &HistoryEvent, name: &Arc<str>, input: &Payload, until: Option<Timestamp>) -> Phase {
    let entry = Entry {
        state: name.clone(),
        id: event.id,
        previous: event.previous,
        time: event.time,
        input: input.clone(),
        retry_count: 0,
        retries: BTreeMap::new(),
        redrive: 0,
        map_run: None,
    };
    match until {
        Some(until) => Phase::Waiting { entry, until },
        None => Phase::Entered(entry),
    }
}

/// What a Parallel or a Map begins with.
struct Sizes<'e> {
    input: &'e Payload,
    total: u32,
    limit: u32,
    iterates: bool,
}

fn fork(frame: &mut Frame, started: u64, sizes: Sizes<'_>) {
    frame.last = started;
    let Sizes { input, total, limit, iterates } = sizes;
    on_entry(frame, |entry| {
        Phase::Forked(Box::new(Fork {
            entry,
            iterates,
            started,
            input: input.clone(),
            total,
            next: 0,
            limit: limit.max(1),
            open: Shelf::default(),
            results: Shelf::default(),
            freed: Vec::new(),
        }))
    });
}

/// All branches begin together.
fn branch(run: &mut Run, event: &HistoryEvent, input: &Payload, branches: &[Arc<str>]) {
    let total = u32::try_from(branches.len()).unwrap_or(u32::MAX);
    let sizes = Sizes { input, total, limit: total, iterates: false };
    run.change(event.frame, |parent| fork(parent, event.id, sizes));
    for (index, start_at) in (0..total).zip(branches) {
        let place = Place { frame: event.frame, index };
        let phase = Phase::Between { next: Some(start_at.clone()), output: input.clone() };
        iterate(run, place, frame(Some(place), event.id, phase));
    }
}

/// One branch or iteration begins.
fn iterate(run: &mut Run, place: Place, child: Frame) {
    let forked = run.frame(place.frame).is_some_and(|parent| matches!(parent.phase, Phase::Forked(_)));
    if !forked {
        return;
    }
    let id = run.begin(child);
    run.turn = id;
    on_fork(run, place.frame, |fork| {
        fork.open.insert(place.index.into(), id);
        fork.next = fork.next.max(place.index.saturating_add(1));
        if !fork.freed.is_empty() {
            fork.freed.remove(0);
        }
    });
}

/// A branch of a Parallel ends with its last state; an iteration ends with an event of its own.
fn end_of_branch(run: &mut Run, id: FrameId, event: u64) {
    let place = run.frame(id).and_then(|frame| frame.parent);
    let parent = place.and_then(|place| run.frame(place.frame));
    if let Some(Frame { phase: Phase::Forked(fork), .. }) = parent
        && !fork.iterates
    {
        join(run, id, event);
    }
}

/// A branch or an iteration has ended well: its output is a result of the state that it belongs to.
fn join(run: &mut Run, id: FrameId, event: u64) {
    let Some(child) = run.frame(id) else { return };
    let (Some(place), Phase::Between { next: None, output }) = (child.parent, child.phase.clone()) else {
        return;
    };
    let last = child.last;
    run.end(id);
    on_fork(run, place.frame, |fork| {
        fork.open.remove(place.index.into());
        fork.results.insert(place.index.into(), output);
        if fork.next < fork.total {
            fork.freed.push(last);
        }
    });
    run.change(place.frame, |parent| parent.last = event);
}

/// What the state did has ended, well or not.
fn close(frame: &mut Frame) {
    frame.phase = match std::mem::take(&mut frame.phase) {
        Phase::Forked(fork) => Phase::Closed(fork),
        closed @ Phase::Closed(_) => closed,
        phase if phase.entry().is_some() => phase.into_entry().map_or(Phase::Over, Phase::Answered),
        phase => phase,
    };
}

/// What an event makes of a distributed Map, whose map run it is about.
fn map_run(frame: &mut Frame, kind: &EventKind) {
    let begun = |arn: &str, token: &str, redrives: u32| {
        let call = MapCall { token: token.to_owned(), arn: arn.to_owned(), redrives, succeeded: false };
        move |entry| Phase::MapRun { entry: Entry { map_run: Some(Box::new(call.clone())), ..entry }, call }
    };
    match kind {
        EventKind::MapRunStarted { arn, token } => on_entry(frame, begun(arn, token, 0)),
        EventKind::MapRunRedriven { arn, token, count } => on_entry(frame, begun(arn, token, *count)),
        EventKind::MapRunSucceeded => on_entry(frame, |mut entry| {
            if let Some(call) = &mut entry.map_run {
                call.succeeded = true;
            }
            Phase::Answered(entry)
        }),
        EventKind::MapRunFailed { failure } => on_entry(frame, |entry| {
            // Its results were too large: there is nothing in it to go on with.
            let map_run = entry.map_run.filter(|_| failure.error != "States.DataLimitExceeded");
            Phase::Answered(Entry { map_run, ..entry })
        }),
        _ => close(frame),
    }
}

/// Folds what followed from an event without one of its own.
pub(crate) fn follow(run: &mut Run, sequel: &Sequel) {
    run.end_children(sequel.frame);
    run.change(sequel.frame, |frame| {
        frame.last = sequel.from;
        on_entry(frame, |entry| again(entry, &sequel.retry));
    });
}

fn again(mut entry: Entry, retry: &Retry) -> Phase {
    entry.retry_count += 1;
    *entry.retries.entry(retry.retrier).or_default() += 1;
    entry.map_run = None;
    Phase::Retrying { entry, timer: retry.timer.clone(), at: retry.at }
}

fn on_entry(frame: &mut Frame, next: impl FnOnce(Entry) -> Phase) {
    if frame.phase.entry().is_some()
        && let Some(entry) = std::mem::take(&mut frame.phase).into_entry()
    {
        frame.phase = next(entry);
    }
}

fn on_call(frame: &mut Frame, change: impl FnOnce(&mut Call)) {
    if let Phase::Calling { call, .. } = &mut frame.phase {
        change(call);
    }
}

fn on_fork(run: &mut Run, id: FrameId, change: impl FnOnce(&mut Fork)) {
    run.change(id, |frame| {
        if let Phase::Forked(fork) = &mut frame.phase {
            change(fork);
        }
    });
}
