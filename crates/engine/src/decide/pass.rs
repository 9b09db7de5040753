//! Carrying out a Pass state.

use trainyard_lang::asl::{Fault, Pass};

use super::{flow, sight::Sight, story::Story};
use crate::run::Entry;

pub(super) fn carry_out(story: &mut Story<'_>, pass: &Pass, entry: &Entry) -> Result<(), Fault> {
    let sight = Sight::new(story, entry);
    let input = sight.take(&pass.input_path, sight.raw)?;
    let made = match &pass.parameters {
        Some(parameters) => parameters.fill(&sight.scope(&input))?,
        None => input,
    };
    let result = pass.result.clone().unwrap_or(made);
    let merged = pass.result_path.put(sight.raw, result)?;
    let output = sight.take(&pass.output_path, &merged)?;
    flow::leave(story, entry, output, &pass.next)
}
