//! Carrying out a Succeed state.

use trainyard_lang::asl::{Fault, Next, State};

use super::{flow, sight::Sight, story::Story};
use crate::run::Entry;

pub(super) fn carry_out(story: &mut Story<'_>, state: &State, entry: &Entry) -> Result<(), Fault> {
    let left = Sight::new(story, entry).see(|scope| state.flow.leave(scope, None).map(flow::kept))?;
    flow::leave(story, entry, left, &Next::End)
}
