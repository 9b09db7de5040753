//! Carrying out a Parallel state.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html>

use std::borrow::Cow;

use trainyard_lang::asl::{Fault, Parallel};

use super::{entered::Entered, limits, sight::Sight, story::Story};
use crate::{EventKind, Payload};

/// Begins all branches, for the first time or again.
pub(super) fn start(story: &mut Story<'_>, here: &Entered<'_>, parallel: &Parallel) -> Result<(), Fault> {
    let entry = &here.entry;
    let input: Payload = Sight::new(story, here).look(|scope| {
        Ok::<_, Fault>(match here.state.flow.arguments(scope)? {
            Cow::Borrowed(value) if std::ptr::eq(value, entry.input.value()) => entry.input.clone(),
            value => value.into_owned().into(),
        })
    })?;
    story.made += limits::check(story.at.payload_limit, &entry.state, &input)?;
    let branches = parallel.branches.iter().map(|branch| branch.start_at.as_str().into()).collect();
    story.tell(here.frame, EventKind::ParallelStateStarted { input, branches });
    Ok(())
}
