//! 2: the build that the push starts.

use super::{BEGINS_WITHIN, PAUSE, Round, begun, span};
use crate::{
    failure::Failure,
    quickstart::git::short,
    remote::{builds, logs::Tail},
    screen::Step,
};

/// Follows the build of that commit to its end.
pub(super) async fn follow(round: &Round<'_>, commit: &str) -> Result<(), Failure> {
    let step = Step::begin(" 2 build");
    let client = round.client();
    let project = &round.names.project;
    let missing = || {
        let waited = BEGINS_WITHIN.as_secs();
        Failure::failed(format!("no build of {} has begun within {waited} s", short(commit)))
            .hint(round.command("status"))
    };
    let mut build = begun(async || builds::of_commit(client, project, commit).await, missing).await?;
    let mut log = Tail::of(build.log());
    let mut lines = Vec::new();
    while !build.is_over() {
        let phase = build.current_phase.clone().unwrap_or_default();
        let new = log.read(client).await?;
        if let Some(line) = new.last() {
            step.at(&format!("{phase} {line}"));
        }
        lines.extend(new);
        tokio::time::sleep(PAUSE).await;
        build = builds::get(client, &build.id).await?.unwrap_or(build);
    }
    lines.extend(log.read(client).await?);
    if build.build_status == "SUCCEEDED" {
        let took = build.start_time.zip(build.end_time).map(|(from, to)| span(from, to));
        let unchanged = lines.iter().any(|line| line.to_lowercase().contains("no changes"));
        let stack =
            if unchanged { ": no changes in the stack" } else { ": the stack was brought up to date" };
        step.took(took).done(format!("buildspec.yml{stack}"));
        return Ok(());
    }
    let reason = build.reason().unwrap_or_else(|| "no reason was given".to_owned());
    let failure = Failure::failed(format!("the build is {}: {reason}", build.build_status));
    Err(round.failed(step, failure, Some((build.log(), build.id.clone()))).await)
}
