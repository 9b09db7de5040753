//! Carrying out a Choice state.

use trainyard_lang::asl::{Choices, Fault};

use super::{
    entered::Entered,
    flow::{self, Leaving},
    sight::Sight,
    story::Story,
};

pub(super) fn carry_out(story: &mut Story<'_>, here: &Entered<'_>, choices: &Choices) -> Result<(), Fault> {
    let (next, leaving) = Sight::new(story, here).look(|scope| {
        let chosen = choices.decide(&here.state.flow, scope)?;
        Ok((chosen.next.to_owned(), Leaving::new(chosen.left, &here.entry, None)))
    })?;
    flow::leave_for(story, here, leaving, Some(&next))
}
