//! How a command that looks for differences says what it has found.

use clap::Args;

use crate::table::Output;

/// The flags that all such commands have.
#[derive(Args)]
pub(crate) struct VerdictArgs {
    /// Exit with 2 if anything is different, or was changed
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// How to write the result
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}
