//! Carrying out a Fail state.

use trainyard_domain::Failure;
use trainyard_lang::asl::{Fail, Fault, Text};

use super::{
    entered::Entered,
    failure::{self, Trouble},
    sight::Sight,
    story::Story,
};

pub(super) fn carry_out(story: &mut Story<'_>, here: &Entered<'_>, fail: &Fail) -> Result<(), Fault> {
    let failure = Sight::new(story, here).look(|scope| {
        let read = |text: &Option<Text>| text.as_ref().map_or(Ok(String::new()), |text| text.evaluate(scope));
        Ok::<_, Fault>(Failure { error: read(&fail.error)?, cause: read(&fail.cause)? })
    })?;
    failure::raise(story, here.frame, Trouble::new(failure));
    Ok(())
}
