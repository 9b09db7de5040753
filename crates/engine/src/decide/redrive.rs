//! Redriving an execution that has not ended well.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>

use trainyard_domain::Timestamp;
use trainyard_lang::asl::{State, StateKind};

use super::{entered::graph, flow, limits::HISTORY_LIMIT, sight::Sight, story::Story, timers};
use crate::{
    Command, EventKind, Outcome, Resumed,
    event::Resume,
    frame::{Frame, FrameId, Phase, ROOT},
};

/// An execution whose history is so long is not redriven: the redrive and one more event must have room.
pub const REDRIVE_LIMIT: u64 = HISTORY_LIMIT - 1;

/// The execution goes on from the states that it has entered and not left.
pub(super) fn redriven(story: &mut Story<'_>) {
    if story.run.last_id >= REDRIVE_LIMIT {
        return;
    }
    let seconds = story.machine.timeout_seconds;
    let deadline = seconds.map(|seconds| story.later(seconds.saturating_mul(1000)));
    let count = story.run.redrives.saturating_add(1);
    let resumed = plan(story, count);
    let last = story.run.last_id;
    let event = EventKind::ExecutionRedriven { count, deadline, resumed };
    story.tell_after(ROOT, last, event);
    if let Some(at) = deadline {
        story.order(Command::WakeAt { timer: timers::execution(count), at });
    }
    let waits: Vec<Command> = story.run.frames().filter_map(|(id, frame)| wake(id, frame)).collect();
    for wait in waits {
        story.order(wait);
    }
    flow::go_on(story);
}

/// A Wait is waited for again.
fn wake(id: FrameId, frame: &Frame) -> Option<Command> {
    let Phase::Waiting { entry, until } = &frame.phase else { return None };
    Some(Command::WakeAt { timer: timers::wait(id, entry), at: *until })
}

/// Which frames do something else than the work of the state that they stand in: it is seen in the run as it would be.
fn plan(story: &Story<'_>, count: u32) -> Vec<Resumed> {
    let too_large = matches!(
        story.run.outcome(),
        Some(Outcome::Failed { failure }) if failure.error == "States.DataLimitExceeded"
    );
    let mut after = Story::new(story.machine, story.run.clone(), story.at);
    let last = after.run.last_id;
    let event = EventKind::ExecutionRedriven { count, deadline: None, resumed: Vec::new() };
    after.tell_after(ROOT, last, event);
    let frames = after.run.frames();
    frames
        .filter_map(|(frame, it)| Some(Resumed { frame, how: how(&after, (frame, it), too_large)? }))
        .collect()
}

fn how(after: &Story<'_>, (id, frame): (FrameId, &Frame), too_large: bool) -> Option<Resume> {
    let entry = frame.phase.entry()?;
    match &frame.phase {
        // All of it had ended well, and what it gave was too large.
        Phase::Forked(fork) => return (too_large && fork.is_done()).then_some(Resume::Anew),
        Phase::Entered(entry) if too_large && entry.map_run.as_ref().is_some_and(|call| call.succeeded) => {
            return Some(Resume::Anew);
        }
        _ => {}
    }
    let state: &State = graph(after, id)?.states.get(&*entry.state)?;
    match &state.kind {
        StateKind::Fail(_) => Some(Resume::Enter),
        StateKind::Wait(wait) => {
            let ends = Sight::of(after, id, entry).look(|scope| wait.ends(&state.flow, scope));
            Some(ends.map_or(Resume::Enter, |until| Resume::Wait(Timestamp(until))))
        }
        StateKind::Task(_)
        | StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Succeed
        | StateKind::Parallel(_)
        | StateKind::Map(_) => None,
    }
}
