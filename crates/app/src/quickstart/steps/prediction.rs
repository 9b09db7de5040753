//! 12: a prediction of the endpoint, beside the true value.

use super::Round;
use crate::{
    failure::Failure,
    remote::{
        endpoints,
        executions::{self, Execution},
        objects,
    },
    screen::Step,
};

/// Asks the endpoint about the first row that training has not seen; the target is in its first column.
pub(super) async fn make(round: &Round<'_>, training: &Execution, endpoint: &str) -> Result<(), Failure> {
    let step = Step::begin("12 prediction");
    let history = executions::history(round.client(), &training.execution_arn).await?;
    let folder = history.visit("ReadEvent").and_then(|visit| visit.output_at("/folder"));
    let folder = folder.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
    let uri = format!("{folder}/data/test/test.csv");
    let Some(file) = objects::get(round.client(), &uri).await? else {
        step.failed(format!("{uri} is not there"));
        return Err(Failure::failed(format!("there is no test data at {uri}")));
    };
    let text = String::from_utf8_lossy(&file);
    let row = text.lines().next().and_then(|line| line.split_once(','));
    let Some((truth, features)) = row else {
        step.failed(format!("{uri} has no row"));
        return Err(Failure::failed(format!("{uri} has no row of a target and features")));
    };
    let answer = match endpoints::invoke(round.client(), endpoint, features.to_owned()).await {
        Ok(answer) => answer,
        Err(error) => {
            let log = (endpoints::log(endpoint), format!("endpoint/{endpoint}"));
            return Err(round.failed(step, error.into(), Some(log)).await);
        }
    };
    match answer.parse::<f64>() {
        Ok(value) => {
            step.done(format!("{endpoint} predicts {value:.1}; the true value is {truth}"));
            Ok(())
        }
        Err(_) => {
            step.failed(&answer);
            Err(Failure::failed(format!("{endpoint} answered `{answer}`, which is no number"))
                .hint(round.command(&format!("logs endpoint/{endpoint}"))))
        }
    }
}
