//! `trainyard quickstart`: the whole loop in front of one's eyes, from a push to a prediction.
//!
//! It starts a server, or joins the one that runs on its directory; makes the project, or changes one hyperparameter
//! of the one that is there; deploys its stack, pushes, and follows what follows through the server's APIs, as anyone
//! could. Interrupted and run again, it goes on with the commit that it was at.

mod asking;
mod git;
mod host;
mod preflight;
mod project;
mod report;
mod standing;
mod steps;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    failure::{Exit, Failure},
    printer,
    screen::Step,
    serve::asked_to_end,
};
use host::Host;
use project::Project;
use standing::Standing;
use steps::{Made, Round};

/// Flags of `trainyard quickstart`.
#[derive(Args)]
pub(crate) struct QuickstartArgs {
    /// Approve what waits for approval
    #[arg(short, long)]
    yes: bool,
    /// End when the round has ended, instead of serving on
    #[arg(long)]
    exit: bool,
    /// Where the project and the server's data go
    #[arg(long, value_name = "DIR", default_value = "trainyard-quickstart")]
    directory: PathBuf,
}

/// The project's folder in the quickstart's directory, and the server's.
const PROJECT: &str = "train-and-deploy";
const SERVER: &str = "server";

/// Goes the whole way once, and serves on.
pub(crate) async fn run(args: QuickstartArgs) -> Result<(), Failure> {
    let directory = std::path::absolute(&args.directory)
        .map_err(|e| Failure::usage(format!("{}: {e}", args.directory.display())))?;
    let project = Project::at(&directory.join(PROJECT));
    preflight::check(!project.directory().exists())?;
    let host = Host::start_or_join(&directory.join(SERVER), project.port()).await?;
    let ended = tokio::select! {
        ended = round(&args, &host, &project) => ended,
        asked = asked_to_end() => Err(asked.err().unwrap_or_else(|| interrupted(&host))),
    };
    let ended = match ended {
        Ok(made) => report::made(&host, &made).await,
        Err(failure) => Err(failure),
    };
    let said = match ended {
        Err(failure) if failure.exit != Exit::Interrupted && printer::interactive() && !args.exit => {
            printer::failure(&failure);
            Err(Failure::said(failure.exit))
        }
        Ok(()) if !args.exit => Ok(()),
        ended => {
            let ended =
                ended.map_err(|failure| if host.is_own() { with_server(failure, &host) } else { failure });
            host.end().await;
            return ended;
        }
    };
    host.serve_on().await?;
    said
}

/// The commands that are proposed ask the server, and it ends now.
fn with_server(mut failure: Failure, host: &Host) -> Failure {
    let directory = crate::commands::quoted(&shown(host.place().directory()));
    let serve = format!("{} serve --data {directory}    # brings the server back", report::program());
    let asks = failure.hints.iter().any(|hint| hint.contains(" --data "));
    if asks {
        failure.hints.insert(0, serve);
    }
    failure
}

fn interrupted(host: &Host) -> Failure {
    let again = format!("{}    # goes on where it was", host.again());
    let failure = Failure::new(Exit::Interrupted, "interrupted").hint(again);
    if host.is_own() { failure } else { failure.hint(format!("the server at {} goes on", host.url())) }
}

/// One round, from the project as it is to a prediction.
async fn round(args: &QuickstartArgs, host: &Host, project: &Project) -> Result<Made, Failure> {
    let step = Step::begin("   project");
    let made = project.make(host).await?;
    step.done(format!("{} {made}", shown(project.directory())));
    let round = Round::new(host, project.names()?, args.yes);
    round.deploy(project).await?;
    let commit = match project.head().await? {
        None => project.first_commit().await?,
        // The build deploys what is committed: it must not lead the stack back to where the server was.
        Some(_) if project.has_moved().await? => project.next_commit().await?,
        Some(commit) => match standing::of(&round, &commit).await? {
            Standing::Over(how) => {
                printer::talk(printer::dim(&format!("     the round of {} {how}", git::short(&commit))));
                project.next_commit().await?
            }
            Standing::GoesOn => {
                printer::talk(printer::dim(&format!("     going on with {}", git::short(&commit))));
                commit
            }
        },
    };
    steps::walk(&round, project, &commit).await
}

/// A path as a person in the current directory would write it.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(&here) {
        Ok(inner) if inner.as_os_str().is_empty() => ".".to_owned(),
        Ok(inner) => format!("./{}", inner.display()),
        Err(_) => path.display().to_string(),
    }
}
