//! Carrying out a Choice state.

use trainyard_lang::asl::{Choices, Fault, Next};

use super::{flow, sight::Sight, story::Story};
use crate::run::Entry;

pub(super) fn carry_out(story: &mut Story<'_>, choices: &Choices, entry: &Entry) -> Result<(), Fault> {
    let sight = Sight::new(story, entry);
    let input = sight.take(&choices.input_path, sight.raw)?;
    let next = Next::State(choices.decide(&sight.scope(&input))?.to_owned());
    let output = sight.take(&choices.output_path, &input)?;
    flow::leave(story, entry, output, &next)
}
