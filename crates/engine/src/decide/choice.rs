//! Carrying out a Choice state.

use trainyard_lang::asl::{Choices, Fault, Next, State};

use super::{flow, sight::Sight, story::Story};
use crate::run::Entry;

pub(super) fn carry_out(
    story: &mut Story<'_>,
    state: &State,
    choices: &Choices,
    entry: &Entry,
) -> Result<(), Fault> {
    let (next, left) = Sight::new(story, entry).see(|scope| {
        let chosen = choices.decide(&state.flow, scope)?;
        Ok((Next::State(chosen.next.to_owned()), flow::kept(chosen.left)))
    })?;
    flow::leave(story, entry, left, &next)
}
