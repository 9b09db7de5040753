//! The commands: one file each, one line in [`Command`].

mod approve;
mod deploy;
mod doctor;
mod env;
mod event;
mod executions;
mod git_credential;
mod hook;
mod image;
mod lint;
mod logs;
mod new;
mod redrive;
mod schedules;
mod serve;
mod status;
mod wait;

pub(crate) use env::{no_proxy, quoted, variables as environment};
pub(crate) use serve::farewell;
pub(crate) use wait::GATE_ERROR;

use clap::{Parser, Subcommand};

use crate::{failure::Failure, quickstart};

/// Runs the whole machine-learning delivery loop, from the AWS files a team already has.
#[derive(Parser)]
#[command(name = "trainyard", version, propagate_version = true, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show the whole loop, from a git push to a served model, with a project made for it
    Quickstart(quickstart::QuickstartArgs),
    /// Run the server
    Serve(serve::ServeArgs),
    /// Print shell exports for AWS clients and git: eval "$(trainyard env)"
    Env(env::EnvArgs),
    /// Say what of git, Python, namespaces, containers and disk is there, and what follows
    Doctor(doctor::DoctorArgs),
    /// Answer git's question for a user name and password, from the environment
    #[command(hide = true)]
    GitCredential(git_credential::GitCredentialArgs),
    /// Build and push OCI images without a daemon
    Image(image::ImageArgs),
    /// Make a project from a built-in template
    New(new::NewArgs),
    /// Say what is wrong with state machines, templates and buildspecs, without running them
    Lint(lint::LintArgs),
    /// Try event patterns on events, judge them without any, or tell events
    #[command(subcommand)]
    Event(event::EventCommand),
    /// Let other systems say what happened: GitHub, a Docker registry, any program that signs
    #[command(subcommand)]
    Hook(hook::HookCommand),
    /// Deploy a template, as `sam deploy` would by the same samconfig.toml
    Deploy(deploy::DeployArgs),
    /// Say what runs and what waits, now
    Status(status::StatusArgs),
    /// List schedules with their next times, in their own zone and in this machine's
    Schedules(schedules::SchedulesArgs),
    /// Print what an execution, build, job or endpoint printed; -f follows
    Logs(logs::LogsArgs),
    /// Wait until an execution, build, job or endpoint has ended
    Wait(wait::WaitArgs),
    /// Have an execution go on that failed, timed out or was stopped, from where it stood
    Redrive(redrive::RedriveArgs),
    /// Look at executions as they were, under another definition, or beside each other
    #[command(subcommand)]
    Executions(executions::ExecutionsCommand),
    /// Approve a model version or answer an execution's question with yes; without a name, list what waits
    Approve(approve::ApproveArgs),
    /// Reject a model version or answer an execution's question with no
    Reject(approve::RejectArgs),
}

/// Runs the command that was asked for.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Quickstart(args) => runtime()?.block_on(quickstart::run(args)),
        Command::Serve(args) => serve::run(&args),
        Command::Env(args) => env::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::GitCredential(args) => git_credential::run(&args),
        Command::Image(args) => waited_for(image::run(args)),
        Command::New(args) => new::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Event(command) => waited_for(event::run(command)),
        Command::Hook(command) => waited_for(hook::run(command)),
        Command::Deploy(args) => waited_for(deploy::run(args)),
        Command::Status(args) => waited_for(status::run(args)),
        Command::Schedules(args) => waited_for(schedules::run(args)),
        Command::Logs(args) => waited_for(logs::run(args)),
        Command::Wait(args) => waited_for(wait::run(args)),
        Command::Redrive(args) => waited_for(redrive::run(args)),
        Command::Executions(command) => waited_for(executions::run(command)),
        Command::Approve(args) => waited_for(approve::approve(args)),
        Command::Reject(args) => waited_for(approve::reject(args)),
    }
}

/// The runtime of a server: as many threads as there are processors.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|e| Failure::failed(format!("the server cannot be started: {e}")))
}

/// Runs a command that waits for the network on a runtime of its own.
fn waited_for(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::failed(format!("the command cannot be started: {e}")))?;
    runtime.block_on(command)
}
