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
        step.took(took).done(stack(&lines));
        return Ok(());
    }
    let reason = build.reason().unwrap_or_else(|| "no reason was given".to_owned());
    let failure = Failure::failed(format!("the build is {}: {reason}", build.build_status));
    Err(round.failed(step, failure, Some((build.log(), build.id.clone()))).await)
}

/// What `trainyard deploy` said in the build: what was done to the stack, or that nothing changes.
fn stack(lines: &[String]) -> String {
    let said = |line: &&String| line.starts_with("stack ") || line.starts_with("no changes");
    lines.iter().find(said).map_or_else(|| "buildspec.yml".to_owned(), Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_says_what_it_did_to_the_stack() {
        let check = |lines: &[&str], expect: &str| {
            let lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
            assert_eq!(stack(&lines), expect);
        };
        check(&["x", "no changes: stack a is up to date", "built"], "no changes: stack a is up to date");
        check(&["stack a: UPDATE_COMPLETE (1 updated)"], "stack a: UPDATE_COMPLETE (1 updated)");
        check(&["built"], "buildspec.yml");
    }
}
