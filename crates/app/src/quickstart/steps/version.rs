//! 9: the model version that the execution registered.

use super::{PAUSE, Round, begun, image::short_digest, job::ended};
use crate::{
    failure::Failure,
    printer,
    quickstart::git::short,
    remote::{
        executions::{self, Execution},
        registry::Package,
    },
    screen::Step,
};

/// Waits for the end of the execution, and finds what it registered. The execution is described anew, as it ended.
pub(super) async fn registered(
    round: &Round<'_>,
    execution: &Execution,
) -> Result<(Execution, Package), Failure> {
    let step = Step::begin(" 9 model version");
    let mut execution = execution.clone();
    while !execution.is_over() {
        tokio::time::sleep(PAUSE).await;
        let seen = executions::get(round.client(), &execution.execution_arn).await?;
        execution = seen.unwrap_or(execution);
    }
    if execution.status != "SUCCEEDED" {
        let history = executions::history(round.client(), &execution.execution_arn).await?;
        return Err(ended(round, step, (&execution, &history)).await);
    }
    let missing = || {
        Failure::failed("the execution has succeeded, but no model version says that it made it")
            .hint(round.command(&format!("logs {}", execution.name)))
    };
    let package = begun(async || round.package(&execution.execution_arn).await, missing).await?;
    step.done(format!("{} {}", package.name(), package.approval()));
    printer::talk(printer::dim(&format!("     made of {}", lineage(&package))));
    Ok((execution, package))
}

fn lineage(package: &Package) -> String {
    let commit = package.commit().unwrap_or("unknown");
    let image = package.property("trainyard:image-digest").map_or("unknown", short_digest);
    let data = package.data_digests();
    format!("commit {}, image {image}, {data} data digests", short(commit))
}
