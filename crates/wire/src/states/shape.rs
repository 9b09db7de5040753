//! What several operations read or show.

use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_domain::{Arn, Kind};
use trainyard_services::executions::Described;

use super::settings::Tag;
use crate::{ApiError, Context};

/// How much of a definition or execution is asked for: without keys of the customer's, always all.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Included {
    AllData,
}

/// The ARN, if it is of the caller's own account. What is no ARN is left to whoever reads it.
pub(super) fn own<'a>(context: &Context, arn: &'a str) -> Result<&'a str, ApiError> {
    match arn.parse::<Arn>() {
        Ok(read) if read.account != context.scope.account.as_str() => {
            let message = format!("User: {} is not authorized to access {arn}", context.principal.arn);
            Err(ApiError::new(Kind::Forbidden, "AccessDeniedException", message))
        }
        _ => Ok(arn),
    }
}

/// How many are shown on a page.
pub(super) fn page(asked: Option<usize>) -> Result<usize, ApiError> {
    match asked.unwrap_or(0) {
        0 => Ok(100),
        asked @ 1..=1000 => Ok(asked),
        asked => Err(ApiError::invalid(
            "ValidationException",
            format!(
                "1 validation error detected: Value '{asked}' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000"
            ),
        )),
    }
}

pub(super) fn pairs(tags: Vec<Tag>) -> Vec<(String, String)> {
    tags.into_iter().map(|Tag { key, value }| (key, value)).collect()
}

/// A state machine as `DescribeStateMachine` shows it.
pub(super) fn machine(described: &Described) -> Value {
    let Described { machine, revision } = described;
    let mut shown = json!({
        "stateMachineArn": machine.arn(),
        "name": machine.name,
        "status": "ACTIVE",
        "definition": revision.definition,
        "roleArn": revision.role,
        "type": "STANDARD",
        "creationDate": machine.created,
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": false},
        "tracingConfiguration": {"enabled": false},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    });
    if machine.updated {
        shown["revisionId"] = json!(revision.id);
    }
    shown
}
