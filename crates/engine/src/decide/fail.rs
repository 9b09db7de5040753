//! Carrying out a Fail state.

use trainyard_domain::Failure;
use trainyard_lang::asl::{Fail, Fault, Text};

use super::{flow, sight::Sight, story::Story};
use crate::{EventKind, run::Entry};

pub(super) fn carry_out(story: &mut Story<'_>, fail: &Fail, entry: &Entry) -> Result<(), Fault> {
    let failure = Sight::new(story, entry).see(|scope| {
        let read = |text: &Option<Text>| text.as_ref().map_or(Ok(String::new()), |text| text.evaluate(scope));
        Ok(Failure { error: read(&fail.error)?, cause: read(&fail.cause)? })
    })?;
    flow::finish(story, EventKind::ExecutionFailed { failure });
    Ok(())
}
