//! The stack, deployed once as a team would run `sam deploy` once.

use std::process::Stdio;

use tokio::process::Command;

use super::Round;
use crate::{
    commands::environment, failure::Failure, printer, quickstart::project::Project, remote::builds,
    screen::Step,
};

/// Runs `trainyard deploy` in the project where the stack is not there yet, or builds from somewhere else.
pub(super) async fn deploy(round: &Round<'_>, project: &Project) -> Result<(), Failure> {
    let step = Step::begin("   deploy template.yaml");
    let wanted = (project.remote(round.host)?, project.branch().await?);
    if builds::source(round.client(), &round.names.project).await?.as_ref() == Some(&wanted) {
        step.skipped("the stack is there: the build deploys what changes");
        return Ok(());
    }
    let program = std::env::current_exe().map_err(|e| Failure::failed(e.to_string()))?;
    let key = round.host.place().key()?;
    let output = Command::new(program)
        .arg("deploy")
        .current_dir(project.directory())
        .envs(environment(round.host.url(), &key.id, &key.secret))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|e| Failure::failed(format!("`trainyard deploy` cannot be run: {e}")))?;
    let (result, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() {
        step.done(result.lines().next().unwrap_or_default());
        return Ok(());
    }
    step.failed("");
    let lines = result.lines().chain(said.lines());
    lines.for_each(|line| printer::talk(printer::dim(&format!("  │ {line}"))));
    let there = crate::commands::quoted(&crate::quickstart::shown(project.directory()));
    Err(Failure::failed("the stack could not be deployed")
        .hint(format!("cd {there}    # where template.yaml and samconfig.toml are"))
        .hint(format!("{}    # goes on from here", round.host.again())))
}
