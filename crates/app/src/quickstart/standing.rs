//! How the round of a commit stands: whether there is something to go on with.

use super::steps::Round;
use crate::remote::{Answered, builds, executions, images, registry};

/// How a round stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Something is under way, or has not begun yet.
    GoesOn,
    /// It has come to an end.
    Over(&'static str),
}

/// Looks how far the round of that commit has come.
pub(super) async fn of(round: &Round<'_>, commit: &str) -> Answered<Standing> {
    let (client, names) = (round.client(), &round.names);
    let builds = builds::of_project(client, &names.project).await?;
    let Some(build) = builds.iter().find(|build| build.commit() == Some(commit)) else {
        return Ok(Standing::GoesOn);
    };
    match build.build_status.as_str() {
        "IN_PROGRESS" => return Ok(Standing::GoesOn),
        "SUCCEEDED" => {}
        _ => return Ok(Standing::Over("ended with a build that failed: another begins")),
    }
    let Some(image) = images::by_tag(client, &names.project, commit).await? else {
        return Ok(Standing::Over("has left no image: another begins"));
    };
    let Some(execution) = round.training(&image.image_digest, commit).await? else {
        return Ok(Standing::Over("has started no execution: another begins"));
    };
    match execution.status.as_str() {
        "RUNNING" => return Ok(Standing::GoesOn),
        "SUCCEEDED" => {}
        _ => return Ok(Standing::Over("ended with an execution that failed: another begins")),
    }
    let Some(package) = round.package(&execution.execution_arn).await? else {
        return Ok(Standing::Over("has registered nothing: another begins"));
    };
    after_approval(round, &package).await
}

async fn after_approval(round: &Round<'_>, package: &registry::Package) -> Answered<Standing> {
    match package.approval() {
        "PendingManualApproval" => return Ok(Standing::GoesOn),
        "Approved" => {}
        _ => return Ok(Standing::Over("ended with a model version that was rejected: another begins")),
    }
    let deployment = round.deployment(&package.model_package_arn).await?;
    Ok(match deployment.as_ref().map(|execution| execution.status.as_str()) {
        None | Some("RUNNING") => Standing::GoesOn,
        Some("SUCCEEDED") => Standing::Over("is complete: another begins, with another hyperparameter"),
        Some(_) => Standing::Over("ended with a deployment that failed: another begins"),
    })
}

/// The latest execution of a state machine, by the machine's name, whose input satisfies the test.
pub(super) async fn execution(
    round: &Round<'_>,
    machine: &str,
    test: impl Fn(&serde_json::Value) -> bool,
) -> Answered<Option<executions::Execution>> {
    let Some(machine) = executions::machine(round.client(), machine).await? else { return Ok(None) };
    executions::find(round.client(), &machine.state_machine_arn, DEEP, test).await
}

/// How many of the latest executions are looked at.
const DEEP: usize = 50;
