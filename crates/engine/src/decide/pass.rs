//! Carrying out a Pass state.

use trainyard_lang::asl::{Fault, Pass, State};

use super::{flow, sight::Sight, story::Story};
use crate::run::Entry;

pub(super) fn carry_out(
    story: &mut Story<'_>,
    state: &State,
    pass: &Pass,
    entry: &Entry,
) -> Result<(), Fault> {
    let left = Sight::new(story, entry).see(|scope| {
        let result = pass.result(&state.flow, scope)?;
        state.flow.leave(scope, result).map(flow::kept)
    })?;
    flow::leave(story, entry, left, &pass.next)
}
