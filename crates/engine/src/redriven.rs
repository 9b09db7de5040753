//! The fold of a redrive: what did not end well goes on.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>

use std::{collections::BTreeMap, sync::Arc};

use trainyard_domain::Timestamp;

use crate::{
    HistoryEvent, Outcome, Resumed, Run,
    event::Resume,
    frame::{Entry, Fork, Frame, FrameId, Phase},
};

/// An execution that has not ended well goes on from where it stood: what has ended well in it keeps its result, what
/// has not is done again, as if it had never been tried. One that runs, or has ended well, does not change.
pub(crate) fn redriven(
    run: &mut Run,
    event: &HistoryEvent,
    (count, deadline): (u32, Option<Timestamp>),
    resumed: &[Resumed],
) {
    if matches!(run.outcome(), None | Some(Outcome::Succeeded { .. })) {
        return;
    }
    run.redrives = count;
    run.deadline = deadline;
    if let Some(start) = &mut run.start {
        let start = Arc::make_mut(start);
        (start.redrive_count, start.redrive_time) = (Some(count), Some(event.time));
        run.context = Arc::new(start.context());
    }
    let resumed: BTreeMap<FrameId, &Resume> = resumed.iter().map(|it| (it.frame, &it.how)).collect();
    run.reopen(|id, frame| {
        let phase = phase(frame.phase, (count, event.id), resumed.get(&id).copied());
        Frame { last: event.id, phase, ..frame }
    });
    for (id, how) in resumed {
        if *how == Resume::Anew {
            run.end_children(id);
            run.change(id, anew);
        }
    }
}

fn phase(phase: Phase, (count, told): (u32, u64), how: Option<&Resume>) -> Phase {
    match (phase, how) {
        (Phase::Forked(fork) | Phase::Closed(fork), _) => {
            Phase::Forked(Box::new(Fork { entry: fork.entry.redriven(count, told), ..*fork }))
        }
        (phase @ (Phase::Between { .. } | Phase::Over), _) => phase,
        (Phase::Waiting { entry, until }, None) => {
            Phase::Waiting { entry: entry.redriven(count, told), until }
        }
        (phase, how) => match (phase.into_entry(), how) {
            (None, _) => Phase::Over,
            (Some(entry), Some(Resume::Enter)) => {
                Phase::Between { next: Some(entry.state), output: entry.input }
            }
            (Some(entry), Some(Resume::Wait(until))) => {
                Phase::Waiting { entry: entry.redriven(count, told), until: *until }
            }
            (Some(entry), Some(Resume::Anew) | None) => Phase::Entered(entry.redriven(count, told)),
        },
    }
}

/// The state's work begins as if none of it were done.
fn anew(frame: &mut Frame) {
    if let Some(entry) = std::mem::take(&mut frame.phase).into_entry() {
        frame.phase = Phase::Entered(Entry { map_run: None, ..entry });
    }
}
