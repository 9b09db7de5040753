//! 1: the push to the built-in git host.

use super::Round;
use crate::{
    failure::Failure,
    quickstart::{git::short, project::Project},
    remote::builds,
    screen::Step,
};

/// Pushes the branch, whose last commit that is. A commit that was pushed before by a run that broke off and that
/// nothing was built from, is built now: its push was told before there was a build project that could hear it.
pub(super) async fn push(round: &Round<'_>, project: &Project, commit: &str) -> Result<(), Failure> {
    let step = Step::begin(" 1 git push");
    let there = project.pushed(round.host).await?;
    if there.as_deref() != Some(commit) {
        project.push(round.host).await?;
    } else if builds::of_commit(round.client(), &round.names.project, commit).await?.is_none() {
        builds::start(round.client(), &round.names.project, commit).await?;
    }
    let (branch, subject) = (project.branch().await?, project.subject().await?);
    step.done(format!("{} to {branch}: {subject}", short(commit)));
    Ok(())
}
