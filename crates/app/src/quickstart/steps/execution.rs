//! 4: the execution that the rule starts when the image is pushed.

use super::{BEGINS_WITHIN, Round, begun};
use crate::{failure::Failure, remote::executions::Execution, screen::Step};

/// Finds the execution whose input is the push of that image under that tag.
pub(super) async fn begun_by(round: &Round<'_>, digest: &str, commit: &str) -> Result<Execution, Failure> {
    let step = Step::begin(" 4 execution");
    let machine = round.names.train_machine();
    let missing = || {
        let waited = BEGINS_WITHIN.as_secs();
        Failure::failed(format!("the image has started no execution of {machine} within {waited} s"))
            .hint(round.command("status"))
    };
    let execution = begun(async || round.training(digest, commit).await, missing).await?;
    step.done(format!("{machine} by its rule ImagePushed"));
    Ok(execution)
}
