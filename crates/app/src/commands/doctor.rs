//! `trainyard doctor`: what of git, Python, namespaces, containers and disk is there, and what follows.

use clap::Args;

use crate::{
    config::{Config, ServerArgs},
    failure::Failure,
    printer,
    probe::{self, Finding, State},
};

/// Flags of `trainyard doctor`.
#[derive(Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    server: ServerArgs,
}

/// Looks, prints what was found, and fails when something that every loop needs is missing.
pub(super) fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let config = Config::load(&args.server)?;
    let findings = probe::all(&config);
    for finding in &findings {
        printer::result(line(finding));
    }
    let missing: Vec<_> = findings.iter().filter(|f| f.state == State::Missing).collect();
    if missing.is_empty() {
        printer::talk("next: trainyard quickstart");
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|f| f.what).collect();
    Err(Failure::failed(format!("missing: {}", names.join(", "))))
}

fn line(finding: &Finding) -> String {
    let mark = match finding.state {
        State::Good => printer::green("ok     "),
        State::Reduced => printer::yellow("reduced"),
        State::Missing => printer::red("missing"),
    };
    let follows =
        if finding.follows.is_empty() { String::new() } else { format!(" — {}", finding.follows) };
    format!("{mark} {:<12} {}{follows}", finding.what, finding.found)
}
