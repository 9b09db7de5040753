//! 10, and the second one within 11: a person approves.

use super::{PAUSE, Round};
use crate::{
    failure::{Exit, Failure},
    quickstart::{
        asking::{Answer, Question},
        git::short,
    },
    remote::{
        approvals::{self, Approval},
        registry::{self, Package},
    },
    screen::Step,
};

/// What is noted as the reason of an answer that was given here.
const COMMENT: &str = "answered in trainyard quickstart";

/// Asks for the model version.
pub(super) async fn of_version(round: &Round<'_>, package: &Package) -> Result<(), Failure> {
    let (title, name, client) = ("10 approval", package.name(), round.client());
    let now = async || -> Result<String, Failure> {
        let seen = registry::get(client, &package.model_package_arn).await?;
        Ok(seen.as_ref().unwrap_or(package).approval().to_owned())
    };
    if now().await? != "PendingManualApproval" {
        return ended(round, Step::begin(title), (&now().await?, &name, "somebody before"));
    }
    let what = package.commit().map_or_else(String::new, |commit| format!(" of commit {}", short(commit)));
    let question = Question {
        title,
        text: &format!("approve model version {name}{what}?"),
        command: round.command(&format!("approve {name}")),
    };
    let open = async || Ok(now().await? == "PendingManualApproval");
    let (answer, step) = round.asking.ask(question, open).await?;
    match answer {
        Answer::Elsewhere => ended(round, step, (&now().await?, &name, by(&answer))),
        Answer::Yes(_) | Answer::No => {
            let approved = answer != Answer::No;
            registry::answer(client, &package.model_package_arn, approved, Some(COMMENT)).await?;
            ended(round, step, (&now().await?, &name, by(&answer)))
        }
    }
}

/// Asks what the execution asks.
pub(super) async fn of_execution(round: &Round<'_>, approval: &Approval, title: &str) -> Result<(), Failure> {
    let client = round.client();
    let execution = approval.execution_arn.as_deref().unwrap_or_default();
    let now = async || -> Result<String, Failure> {
        let asked = approvals::of_execution(client, execution).await?;
        let seen = asked.into_iter().find(|seen| seen.id == approval.id);
        Ok(seen.map_or_else(|| "Expired".to_owned(), |seen| seen.status))
    };
    let question = Question {
        title,
        text: &format!("approve {}?", approval.title),
        command: round.command(&format!("approve {}", approval.id)),
    };
    let open = async || Ok(now().await? == "Pending");
    let (answer, step) = round.asking.ask(question, open).await?;
    if answer != Answer::Elsewhere {
        approvals::answer(client, &approval.id, answer != Answer::No, Some(COMMENT)).await?;
    }
    ended(round, step, (&now().await?, &approval.title, by(&answer)))
}

fn by(answer: &Answer) -> &'static str {
    match answer {
        Answer::Yes(by) => by,
        Answer::No => "you",
        Answer::Elsewhere => "somebody",
    }
}

/// Ends the step: what was asked for, how it stands now, and by whom.
fn ended(round: &Round<'_>, step: Step, (status, what, by): (&str, &str, &str)) -> Result<(), Failure> {
    if status == "Approved" {
        step.done(format!("{status} by {by}"));
        return Ok(());
    }
    step.failed(status);
    Err(Failure::new(Exit::Rejected, format!("{status}: {what}"))
        .hint(format!("{}    # begins another round", round.host.again())))
}

/// Looks until the execution asks, has ended, or does neither for as long as it is let.
pub(super) async fn asked(
    round: &Round<'_>,
    execution: &str,
    over: impl AsyncFn() -> Result<bool, Failure>,
) -> Result<Option<Approval>, Failure> {
    loop {
        let is_over = over().await?;
        let asked = approvals::of_execution(round.client(), execution).await?;
        if let Some(approval) = asked.into_iter().next() {
            return Ok(Some(approval));
        }
        if is_over {
            return Ok(None);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
