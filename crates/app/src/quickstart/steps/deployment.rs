//! 11: the deployment that the approval starts: the dev endpoint, its smoke test, a second approval, the prod endpoint.

use super::{BEGINS_WITHIN, PAUSE, Round, approval, begun, job::ended, span};
use crate::{
    failure::Failure,
    remote::{
        approvals, endpoints,
        executions::{self, Execution},
        history::History,
        registry::Package,
    },
    screen::Step,
    table::now,
};

/// Where the definition tests an endpoint, asks for prod, and turns to it.
const SMOKE_TEST: &str = "SmokeTest";
const ASK: &str = "AskForProd";
const TO_PROD: &str = "ToProd";

/// Follows the deployment to its end. Returns the name of the endpoint that serves the version now.
pub(super) async fn follow(round: &Round<'_>, package: &Package) -> Result<String, Failure> {
    let execution = started(round, package).await?;
    let dev = round.names.endpoint("dev");
    let title = "   dev endpoint";
    in_service(round, &execution, (title, &dev)).await?;
    smoke_test(round, &execution).await?;
    answered(round, &execution).await?;
    let prod = round.names.endpoint("prod");
    finished(round, &execution, &prod).await?;
    Ok(prod)
}

async fn started(round: &Round<'_>, package: &Package) -> Result<Execution, Failure> {
    let step = Step::begin("11 deployment");
    let machine = round.names.deploy_machine();
    let missing = || {
        let waited = BEGINS_WITHIN.as_secs();
        Failure::failed(format!("the approval has started no execution of {machine} within {waited} s"))
            .hint(round.command("status"))
    };
    let look = async || round.deployment(&package.model_package_arn).await;
    let execution = begun(look, missing).await?;
    step.done(format!("{machine} by its rule ModelApproved"));
    Ok(execution)
}

/// Waits until the execution has found the endpoint in service: then it tests it.
async fn in_service(
    round: &Round<'_>,
    execution: &Execution,
    (title, endpoint): (&str, &str),
) -> Result<(), Failure> {
    let step = Step::begin(title);
    loop {
        let history = executions::history(round.client(), &execution.execution_arn).await?;
        if let Some(test) = history.first(SMOKE_TEST) {
            let took = history.visits.first().map(|first| span(first.entered, test.entered));
            step.took(took).done(format!("{endpoint} InService"));
            return Ok(());
        }
        if history.end.is_some() {
            return Err(failed(round, step, (execution, &history), endpoint).await);
        }
        let seen = endpoints::get(round.client(), endpoint).await?;
        step.at(&seen.map(|seen| format!("{endpoint} {}", seen.endpoint_status)).unwrap_or_default());
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until the answer of the dev endpoint was judged. That it was good is said by what was entered next.
async fn smoke_test(round: &Round<'_>, execution: &Execution) -> Result<(), Failure> {
    let step = Step::begin("   smoke test on dev");
    loop {
        let history = executions::history(round.client(), &execution.execution_arn).await?;
        if let (Some(test), Some(ask)) = (history.first(SMOKE_TEST), history.first(ASK)) {
            step.took(Some(span(test.entered, ask.entered))).done(prediction(&history));
            return Ok(());
        }
        if history.end.is_some() {
            return Err(failed(round, step, (execution, &history), "").await);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn prediction(history: &History) -> String {
    let answer =
        history.first(SMOKE_TEST).and_then(|visit| visit.output_at("/smoke_test/answer/predictions/0"));
    match answer.as_ref().and_then(serde_json::Value::as_f64) {
        Some(value) => format!("a prediction for a known row: {value:.1}"),
        None => "answered".to_owned(),
    }
}

/// The second approval: asked by the execution itself, with a task token.
async fn answered(round: &Round<'_>, execution: &Execution) -> Result<(), Failure> {
    let title = "   approval for prod";
    let arn = &execution.execution_arn;
    let over = async || {
        let history = executions::history(round.client(), arn).await?;
        Ok(history.end.is_some() || history.visit(TO_PROD).is_some())
    };
    let Some(question) = approval::asked(round, arn, over).await? else {
        // Answered by its token, without a question that we could see.
        return Ok(());
    };
    if question.status == "Pending" {
        return approval::of_execution(round, &question, title).await;
    }
    let step = Step::begin(title);
    let by = question.answered_by.as_deref().map_or("", crate::remote::last);
    step.done(format!("{} by {by} before", question.status));
    Ok(())
}

async fn finished(round: &Round<'_>, execution: &Execution, endpoint: &str) -> Result<(), Failure> {
    let mut step = Step::begin("   prod endpoint");
    let mut since = false;
    loop {
        let history = executions::history(round.client(), &execution.execution_arn).await?;
        let turned = history.visit(TO_PROD).map(|visit| visit.entered);
        if let Some(end) = &history.end {
            if !end.is_good() {
                return Err(failed(round, step, (execution, &history), endpoint).await);
            }
            let seen = endpoints::get(round.client(), endpoint).await?;
            let status = seen.map(|seen| seen.endpoint_status).unwrap_or_default();
            let last = history.lines.last().map_or_else(now, |(time, _)| *time);
            step.took(turned.map(|from| span(from, last))).done(format!("{endpoint} {status}, tested"));
            return Ok(());
        }
        if let (Some(from), false) = (turned, since) {
            (step, since) = (step.since(span(from, now())), true);
        }
        let seen = endpoints::get(round.client(), endpoint).await?;
        step.at(&seen.map(|seen| format!("{endpoint} {}", seen.endpoint_status)).unwrap_or_default());
        tokio::time::sleep(PAUSE).await;
    }
}

/// The deployment has failed: an answer of no, or the endpoint, whose log says more.
async fn failed(
    round: &Round<'_>,
    step: Step,
    (execution, history): (&Execution, &History),
    endpoint: &str,
) -> Failure {
    let asked = approvals::of_execution(round.client(), &execution.execution_arn).await.unwrap_or_default();
    let refused =
        asked.first().filter(|approval| ["Rejected", "Expired"].contains(&approval.status.as_str()));
    let mut failure = if endpoint.is_empty() || refused.is_some() {
        ended(round, step, (execution, history)).await
    } else {
        let end = history.end.as_ref();
        let reason = executions::reason(
            end.and_then(|end| end.error.as_deref()),
            end.and_then(|end| end.cause.as_deref()),
        );
        let log = endpoints::log(endpoint);
        round.failed(step, Failure::failed(reason), Some((log, format!("endpoint/{endpoint}")))).await
    };
    if refused.is_some() {
        failure.exit = crate::failure::Exit::Rejected;
    }
    failure
}
