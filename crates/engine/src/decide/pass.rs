//! Carrying out a Pass state.

use trainyard_lang::asl::{Fault, Pass};

use super::{
    entered::Entered,
    flow::{self, Leaving},
    sight::Sight,
    story::Story,
};

pub(super) fn carry_out(story: &mut Story<'_>, here: &Entered<'_>, pass: &Pass) -> Result<(), Fault> {
    let flow = &here.state.flow;
    let leaving = Sight::new(story, here).look(|scope| {
        let left = flow.leave(scope, pass.result(flow, scope)?)?;
        Ok(Leaving::new(left, &here.entry, None))
    })?;
    flow::leave(story, here, leaving, &pass.next)
}
