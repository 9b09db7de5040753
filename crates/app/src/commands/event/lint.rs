//! `trainyard event lint`: what can be said of a pattern without an event.

use std::path::PathBuf;

use clap::Args;
use trainyard_lang::lint;

use super::input::{name_of, text_of};
use crate::{
    failure::{Exit, Failure},
    printer, snippet,
};

/// Flags of `trainyard event lint`.
#[derive(Args)]
#[command(after_help = "Patterns of rules in templates are looked at by `trainyard lint` too.\n\
    Exit codes: 0 nothing found, 65 something found")]
pub(in crate::commands) struct LintArgs {
    /// Files of patterns; - is the standard input
    #[arg(value_name = "PATTERN", required = true)]
    patterns: Vec<PathBuf>,
}

/// Says what was found.
pub(super) fn run(args: &LintArgs) -> Result<(), Failure> {
    let mut count = 0;
    for path in &args.patterns {
        let text = text_of(path)?;
        for found in lint::lint_pattern(&text) {
            count += 1;
            let shown = snippet::rendered(&name_of(path), &text, &found, printer::result_colours());
            printer::result(format_args!("{shown}\n"));
        }
    }
    if count == 0 {
        printer::talk("nothing found");
        return Ok(());
    }
    Err(Failure::said(Exit::Invalid))
}
