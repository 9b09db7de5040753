//! The commands: one file each, one line in [`Command`].

mod doctor;
mod env;
mod image;
mod new;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// Runs the whole machine-learning delivery loop, from the AWS files a team already has.
#[derive(Parser)]
#[command(name = "trainyard", version, propagate_version = true, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print shell exports for AWS clients and git: eval "$(trainyard env)"
    Env(env::EnvArgs),
    /// Say what of git, Python, namespaces, containers and disk is there, and what follows
    Doctor(doctor::DoctorArgs),
    /// Build and push OCI images without a daemon
    Image(image::ImageArgs),
    /// Make a project from a built-in template
    New(new::NewArgs),
}

/// Runs the command that was asked for.
pub fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Env(args) => env::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Image(args) => waited_for(image::run(args)),
        Command::New(args) => new::run(&args),
    }
}

/// Runs a command that waits for the network on a runtime of its own.
fn waited_for(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::failed(format!("the command cannot be started: {e}")))?;
    runtime.block_on(command)
}
