//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;

use super::shape;
use crate::{ApiError, Context};

/// The most characters of a client token.
const LONGEST_TOKEN: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    execution_arn: String,
    client_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    redrive_date: Timestamp,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.execution_arn)?;
    // A task's call that is made again after a crash redrives nothing twice.
    let token = input.client_token.or_else(|| context.token.as_deref().map(digest));
    if let Some(token) = &token {
        check(token)?;
    }
    let redrive_date = context.services.executions.redrive(&context.principal, arn, token).await?;
    Ok(Output { redrive_date })
}

/// A task's token is a secret, and may be longer than a client token.
fn digest(token: &str) -> String {
    trainyard_services::ground::uuid_from(&["redrive", token])
}

fn check(token: &str) -> Result<(), ApiError> {
    let broken = match token.chars().count() {
        0 => "Member must have length greater than or equal to 1".to_owned(),
        1..=LONGEST_TOKEN if token.chars().all(|c| c.is_ascii_graphic()) => return Ok(()),
        1..=LONGEST_TOKEN => "Member must satisfy regular expression pattern: [!-~]+".to_owned(),
        _ => format!("Member must have length less than or equal to {LONGEST_TOKEN}"),
    };
    let message = format!(
        "1 validation error detected: Value '{token}' at 'clientToken' failed to satisfy constraint: {broken}"
    );
    Err(ApiError::invalid("ValidationException", message))
}
