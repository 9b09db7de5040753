//! The `trainyard` binary: reads the command line and runs one command.

mod client;
mod commands;
mod config;
mod connect;
mod failure;
mod harmless;
mod image;
mod logging;
mod place;
mod printer;
mod probe;
mod quickstart;
mod remote;
mod screen;
mod serve;
mod size;
mod snippet;
mod table;
mod templates;
mod verdict;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

/// Requests make many small things and drop them on other threads: the system's allocator takes longer for those.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A supervisor is one small single-threaded process per job: it starts nothing else of ours.
    if let Some(directory) = supervised() {
        return trainyard_drivers::supervisor::main(&directory);
    }
    let cli = match commands::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            printer::failure(&failure);
            ExitCode::from(failure.exit as u8)
        }
    }
}

/// The directory behind `trainyard supervise DIR`, which only our own drivers call.
fn supervised() -> Option<std::path::PathBuf> {
    let mut arguments = std::env::args_os().skip(1);
    (arguments.next()? == "supervise").then(|| arguments.next().map(Into::into))?
}

/// Help and version are results; anything else is a usage error with its own exit code.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(failure::Exit::Usage as u8) } else { ExitCode::SUCCESS }
}
