//! Carrying out a Succeed state.

use trainyard_lang::asl::{Fault, Next, Succeed};

use super::{flow, sight::Sight, story::Story};
use crate::run::Entry;

pub(super) fn carry_out(story: &mut Story<'_>, succeed: &Succeed, entry: &Entry) -> Result<(), Fault> {
    let sight = Sight::new(story, entry);
    let input = sight.take(&succeed.input_path, sight.raw)?;
    let output = sight.take(&succeed.output_path, &input)?;
    flow::leave(story, entry, output, &Next::End)
}
