//! 5, 6, 7: the jobs of the execution.

use super::{PAUSE, Round, span};
use crate::{
    commands::GATE_ERROR,
    failure::{Exit, Failure},
    remote::{
        executions::{self, Execution},
        history::{History, Visit},
        jobs,
        logs::Tail,
    },
    screen::Step,
    table::now,
};

/// Follows the state to its end, with the last line that its job printed.
pub(super) async fn follow(
    round: &Round<'_>,
    execution: &Execution,
    (title, state): (&str, &str),
) -> Result<(), Failure> {
    let mut step = Step::begin(title);
    let mut tail: Option<(String, Tail)> = None;
    let mut lines: Vec<String> = Vec::new();
    loop {
        let history = executions::history(round.client(), &execution.execution_arn).await?;
        let visit = history.visit(state);
        let job = visit.and_then(|visit| visit.jobs.last());
        if let Some((kind, job)) = job.filter(|(_, job)| tail.as_ref().is_none_or(|(there, _)| there != job))
        {
            // The attempt before has failed: its lines say nothing of this one.
            lines.clear();
            tail = Some((job.clone(), Tail::of(jobs::log(*kind, job))));
        }
        if let Some((_, tail)) = &mut tail {
            lines.extend(tail.read(round.client()).await?);
        }
        if let Some(visit) = visit {
            if let Some(left) = visit.left {
                step.took(Some(span(visit.entered, left))).done(said(visit, &lines));
                return Ok(());
            }
            step = step.since(span(visit.entered, now()));
            step.at(lines.last().map_or("", String::as_str));
        }
        if history.end.is_some() {
            return Err(ended(round, step, (execution, &history)).await);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What a job has to say: its metric lines, or its last one; and that it was not the first attempt.
fn said(visit: &Visit, lines: &[String]) -> String {
    let metrics: Vec<_> =
        lines.iter().map(|line| line.trim()).filter(|line| is_metric(line)).take(3).collect();
    let mut said = match (metrics.is_empty(), lines.last()) {
        (false, _) => metrics.join("  "),
        (true, last) => last.cloned().unwrap_or_default(),
    };
    match visit.failures.len() {
        0 => {}
        1 => said.push_str("  (second attempt)"),
        count => said.push_str(&format!("  (attempt {})", count + 1)),
    }
    said
}

/// `validation-mse=2811.3`: one word, a name and a number.
fn is_metric(line: &str) -> bool {
    let Some((name, value)) = line.split_once('=') else { return false };
    !name.is_empty() && !name.contains(' ') && value.parse::<f64>().is_ok()
}

/// The execution has ended before its time: why, with the log of the job that failed.
pub(super) async fn ended(
    round: &Round<'_>,
    step: Step,
    (execution, history): (&Execution, &History),
) -> Failure {
    let end = history.end.as_ref();
    let error = end.and_then(|end| end.error.as_deref());
    let reason = executions::reason(error, end.and_then(|end| end.cause.as_deref()));
    let exit = if error == Some(GATE_ERROR) { Exit::Gate } else { Exit::Failed };
    let how = end.map_or("", |end| end.how.as_str());
    let failure = match how {
        "Succeeded" => {
            Failure::failed("the execution has succeeded without this step: is the definition another one?")
        }
        _ => Failure::new(exit, reason),
    };
    let job = history.failing().and_then(|visit| visit.jobs.last());
    match job {
        Some((kind, job)) => {
            let log = (jobs::log(*kind, job), format!("{}/{job}", kind.in_arn()));
            round.failed(step, failure, Some(log)).await
        }
        None => {
            let failure = failure.hint(round.command(&format!("logs {}", execution.name)));
            round.failed(step, failure, None).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_says_its_metrics_or_its_last_line() {
        let visit = |failures: usize| Visit {
            state: "Train".to_owned(),
            entered: 0.0,
            input: None,
            left: Some(1.0),
            output: None,
            jobs: Vec::new(),
            failures: vec![(String::new(), String::new()); failures],
        };
        let lines = |text: &[&str]| text.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let check = |failures: usize, text: &[&str], expect: &str| {
            assert_eq!(said(&visit(failures), &lines(text)), expect);
        };
        check(0, &["train: 309 rows", "test: 67 rows"], "test: 67 rows");
        check(
            0,
            &["alpha=1.0 rows=309", "validation-mse=2811.3", "r2=0.5", "bye"],
            "validation-mse=2811.3  r2=0.5",
        );
        check(1, &["ok"], "ok  (second attempt)");
        check(2, &[], "  (attempt 3)");
    }
}
