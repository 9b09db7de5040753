//! Carrying out a Wait state.

use trainyard_domain::Timestamp;
use trainyard_lang::asl::{Fault, State, Wait};

use super::{
    entered::{Entered, entered},
    failure,
    flow::{self, Leaving},
    sight::Sight,
    story::Story,
    timers,
};
use crate::{
    Command, EventKind, Payload, StateType,
    frame::{Entry, FrameId},
};

/// Enters the state. The end of the wait is part of that event, so that the fold knows it.
pub(super) fn enter(story: &mut Story<'_>, frame: FrameId, (state, wait): (&State, &Wait), input: Payload) {
    let entry = Entry {
        state: state.name.as_str().into(),
        id: story.run.last_id + 1,
        previous: 0,
        time: story.at.now,
        input,
        retry_count: 0,
        retries: Default::default(),
        redrive: 0,
        map_run: None,
    };
    let ends = Sight::of(story, frame, &entry).look(|scope| wait.ends(&state.flow, scope)).map(Timestamp);
    let until = ends.as_ref().ok().copied();
    let Entry { state: name, input, .. } = entry;
    story.tell(frame, EventKind::StateEntered { state: StateType::Wait, name, input, until });
    let Some(here) = entered(story, frame) else { return };
    let done = match ends {
        Err(fault) => Err(fault),
        Ok(until) if until <= story.at.now => leave(story, &here, wait),
        Ok(at) => {
            story.order(Command::WakeAt { timer: timers::wait(frame, &here.entry), at });
            Ok(())
        }
    };
    if let Err(fault) = done {
        failure::fault(story, &here, fault);
    }
}

/// Leaves the state when its time has come.
pub(super) fn leave(story: &mut Story<'_>, here: &Entered<'_>, wait: &Wait) -> Result<(), Fault> {
    let leaving = Sight::new(story, here)
        .look(|scope| Ok(Leaving::new(here.state.flow.leave(scope, None)?, &here.entry, None)))?;
    flow::leave(story, here, leaving, &wait.next)
}
