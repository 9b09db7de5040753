//! 8: the metric that the execution read, and the gate that it passed.

use serde_json::Value;

use super::{PAUSE, Round, job::ended, span};
use crate::{
    failure::Failure,
    remote::{
        executions::{self, Execution},
        history::History,
    },
    screen::Step,
};

/// Where the definition reads the metric, and decides.
const READ: &str = "ReadMetrics";
const DECIDED: &str = "Register";

/// Waits until the gate has let the model pass.
pub(super) async fn pass(round: &Round<'_>, execution: &Execution) -> Result<(), Failure> {
    let step = Step::begin(" 8 metric gate");
    loop {
        let history = executions::history(round.client(), &execution.execution_arn).await?;
        if let Some(passed) = history.visit(DECIDED) {
            let took = history.visit(READ).map(|read| span(read.entered, passed.entered));
            step.took(took).done(numbers(&history));
            return Ok(());
        }
        if history.end.is_some() {
            return Err(ended(round, step, (execution, &history)).await);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn numbers(history: &History) -> String {
    let number = |state: &str, pointer: &str| {
        history.visit(state)?.output_at(pointer).as_ref().and_then(Value::as_f64)
    };
    let mse = number(READ, "/evaluation/report/regression_metrics/mse/value");
    match (mse, number(READ, "/mse_limit")) {
        (Some(mse), Some(limit)) => format!("mse {mse:.1} is at most {limit}"),
        (Some(mse), None) => format!("mse {mse:.1}"),
        (None, _) => "passed".to_owned(),
    }
}
