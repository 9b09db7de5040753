//! `trainyard new`: a project from a built-in template.

use std::path::PathBuf;

use clap::Args;

use crate::{
    failure::Failure,
    printer,
    templates::{self, Template},
};

/// Flags of `trainyard new`.
#[derive(Args)]
pub(super) struct NewArgs {
    /// Directory to make
    directory: PathBuf,
    /// Which template
    #[arg(long, default_value = "train-and-deploy", value_parser = known)]
    template: &'static Template,
}

fn known(name: &str) -> Result<&'static Template, String> {
    let names = || templates::ALL.iter().map(|t| t.name).collect::<Vec<_>>().join(", ");
    templates::ALL
        .iter()
        .find(|t| t.name == name)
        .ok_or_else(|| format!("there is no such template; there are: {}", names()))
}

/// Makes the project.
pub(super) fn run(args: &NewArgs) -> Result<(), Failure> {
    args.template.write(&args.directory)?;
    let shown = args.directory.display();
    printer::result(format_args!(
        "{shown}: {} files from `{}`",
        args.template.files.len(),
        args.template.name
    ));
    printer::talk(format_args!("next: cd {shown} && cat README.md"));
    Ok(())
}
