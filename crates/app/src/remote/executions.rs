//! State machines and their executions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answered, STATES, history::History};
use crate::{client::Client, table::cut};

const ABSENT: &[&str] =
    &["ExecutionDoesNotExist", "StateMachineDoesNotExist", "InvalidArn", "ValidationException"];

/// A state machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Machine {
    /// Its ARN.
    pub state_machine_arn: String,
    /// Its name.
    pub name: String,
}

/// An execution, as a list or a description shows it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Execution {
    /// Its ARN.
    pub execution_arn: String,
    /// Its state machine.
    pub state_machine_arn: String,
    /// Its name.
    pub name: String,
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub status: String,
    /// When it began, in seconds since 1970.
    pub start_date: f64,
    /// Its input; a list has none.
    pub input: Option<String>,
    /// Why it failed: the error's name.
    pub error: Option<String>,
    /// Why it failed: the text.
    pub cause: Option<String>,
}

impl Execution {
    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.status != "RUNNING"
    }

    /// Why it failed, in one line.
    pub(crate) fn reason(&self) -> String {
        reason(self.error.as_deref(), self.cause.as_deref())
    }
}

/// How much of a cause is shown: definitions and jobs may put whole documents there.
const LONGEST_CAUSE: usize = 300;

/// Error and cause in one line. The cause of a job that failed is its whole description, of which the reason counts.
pub(crate) fn reason(error: Option<&str>, cause: Option<&str>) -> String {
    let cause = cause.filter(|cause| !cause.is_empty()).map(|cause| {
        let described: Option<Value> = serde_json::from_str(cause).ok();
        let within = ["FailureReason", "ExitMessage", "Cause", "comment"].into_iter().find_map(|name| {
            described.as_ref()?.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        });
        cut(&within.unwrap_or_else(|| cause.to_owned()), LONGEST_CAUSE)
    });
    match (error, cause) {
        (Some(error), Some(cause)) => format!("{error}: {cause}"),
        (Some(error), None) => error.to_owned(),
        (None, Some(cause)) => cause,
        (None, None) => "no reason was given".to_owned(),
    }
}

/// All state machines.
pub(crate) async fn machines(client: &Client) -> Answered<Vec<Machine>> {
    STATES.all(client, "ListStateMachines", json!({}), "stateMachines").await
}

/// The state machine of that name.
pub(crate) async fn machine(client: &Client, name: &str) -> Answered<Option<Machine>> {
    Ok(machines(client).await?.into_iter().find(|machine| machine.name == name))
}

/// The executions of a state machine, the latest first; with a status, only those that stand so.
pub(crate) async fn list(client: &Client, machine: &str, status: Option<&str>) -> Answered<Vec<Execution>> {
    let mut input = json!({"stateMachineArn": machine});
    if let Some(status) = status {
        input["statusFilter"] = status.into();
    }
    STATES.all(client, "ListExecutions", input, "executions").await
}

/// The execution of that ARN, in full.
pub(crate) async fn get(client: &Client, arn: &str) -> Answered<Option<Execution>> {
    let answer = STATES.ask(client, "DescribeExecution", json!({"executionArn": arn})).await;
    super::there(answer, ABSENT)
}

/// The latest execution of the machine whose input satisfies the test: only the newest `deep` are looked at.
pub(crate) async fn find(
    client: &Client,
    machine: &str,
    deep: usize,
    test: impl Fn(&Value) -> bool,
) -> Answered<Option<Execution>> {
    let listed = STATES.ask(
        client,
        "ListExecutions",
        json!({"stateMachineArn": machine, "maxResults": deep.clamp(1, 1000)}),
    );
    #[derive(Deserialize)]
    struct Page {
        executions: Vec<Execution>,
    }
    let page: Page = listed.await?;
    for listed in page.executions {
        let Some(execution) = get(client, &listed.execution_arn).await? else { continue };
        let input = execution.input.as_deref().and_then(|text| serde_json::from_str(text).ok());
        if input.is_some_and(|input: Value| test(&input)) {
            return Ok(Some(execution));
        }
    }
    Ok(None)
}

/// What the execution has gone through so far.
pub(crate) async fn history(client: &Client, arn: &str) -> Answered<History> {
    Ok(History::read(&events(client, arn).await?))
}

/// All events of the execution so far, as `GetExecutionHistory` shows them.
pub(crate) async fn events(client: &Client, arn: &str) -> Answered<Vec<Value>> {
    let input = json!({"executionArn": arn, "maxResults": 1000});
    STATES.all(client, "GetExecutionHistory", input, "events").await
}

/// Has an execution go on that has not ended well.
pub(crate) async fn redrive(client: &Client, arn: &str) -> Answered<()> {
    let answer: Answered<Value> = STATES.ask(client, "RedriveExecution", json!({"executionArn": arn})).await;
    answer.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_one_line() {
        let check = |error, cause, expect: &str| assert_eq!(reason(error, cause), expect);
        check(Some("E"), Some("c"), "E: c");
        check(Some("E"), Some(""), "E");
        check(None, None, "no reason was given");
        let job = json!({"TrainingJobName": "t", "FailureReason": "exit code: 1"}).to_string();
        check(Some("States.TaskFailed"), Some(&job), "States.TaskFailed: exit code: 1");
        let rejected = json!({"approved": false, "comment": "not yet"}).to_string();
        check(Some("ApprovalRejected"), Some(&rejected), "ApprovalRejected: not yet");
        assert_eq!(reason(Some("E"), Some(&"x".repeat(1000))).chars().count(), LONGEST_CAUSE + 3);
    }
}
