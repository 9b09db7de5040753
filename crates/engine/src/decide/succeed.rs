//! Carrying out a Succeed state.

use trainyard_lang::asl::Fault;

use super::{
    entered::Entered,
    flow::{self, Leaving},
    sight::Sight,
    story::Story,
};

pub(super) fn carry_out(story: &mut Story<'_>, here: &Entered<'_>) -> Result<(), Fault> {
    let leaving = Sight::new(story, here)
        .look(|scope| Ok(Leaving::new(here.state.flow.leave(scope, None)?, &here.entry, None)))?;
    flow::leave_for(story, here, leaving, None)
}
