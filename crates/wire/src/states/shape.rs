//! What several operations read or show.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trainyard_domain::{Arn, Kind, Timestamp};
use trainyard_services::executions::{Child, Described, Execution, RouteSpec};

use crate::{ApiError, Context};

/// How much of a definition or execution is asked for.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Included {
    #[default]
    AllData,
    /// Nothing that a key of the customer's could encrypt: no definition, no data.
    MetadataOnly,
}

impl Included {
    /// The data, if they are asked for.
    pub(super) fn data<T>(self, data: Option<T>) -> Option<T> {
        data.filter(|_| self == Self::AllData)
    }
}

/// Checks the length of a text, in characters.
pub(super) fn check_length(
    member: &str,
    text: Option<&str>,
    (least, most): (usize, usize),
) -> Result<(), ApiError> {
    let Some(text) = text else { return Ok(()) };
    // Definitions are long, and mostly not too long: bytes are never fewer than characters.
    let length = if text.len() <= most && text.len() > least { text.len() } else { text.chars().count() };
    let bound = match length {
        length if length < least => format!("greater than or equal to {least}"),
        length if length > most => format!("less than or equal to {most}"),
        _ => return Ok(()),
    };
    // What is much too long is not sent back.
    let shown: String = text.chars().take(1024).collect();
    let message = format!(
        "1 validation error detected: Value '{shown}' at '{member}' failed to satisfy constraint: Member must have length {bound}"
    );
    Err(ApiError::invalid("ValidationException", message))
}

/// The most characters of an error's name, and of its cause.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html>
pub(super) fn check_failure(error: Option<&str>, cause: Option<&str>) -> Result<(), ApiError> {
    check_length("error", error, (0, 256))?;
    check_length("cause", cause, (0, 32_768))
}

/// A definition has at most 1 MiB.
pub(super) fn check_definition(definition: Option<&str>) -> Result<(), ApiError> {
    check_length("definition", definition, (1, 1024 * 1024))
}

/// A trace header is short.
pub(super) fn check_trace(header: Option<&str>) -> Result<(), ApiError> {
    check_length("traceHeader", header, (0, 256))
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// Kept and shown; there is nobody to trace for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tracing {
    #[serde(default)]
    pub(super) enabled: bool,
}

/// Where an alias sends executions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Routed {
    state_machine_version_arn: String,
    weight: u32,
}

pub(super) fn routes(context: &Context, routes: Vec<Routed>) -> Result<Vec<RouteSpec>, ApiError> {
    let one = |Routed { state_machine_version_arn: arn, weight }| {
        own(context, &arn)?;
        Ok(RouteSpec { version: arn, weight })
    };
    routes.into_iter().map(one).collect()
}

/// Where a page goes on: a token has at most 1,024 characters.
pub(super) fn token(given: Option<String>) -> Result<Option<String>, ApiError> {
    match &given {
        Some(token) if token.chars().count() > 1024 => Err(ApiError::invalid(
            "ValidationException",
            format!(
                "1 validation error detected: Value '{token}' at 'nextToken' failed to satisfy constraint: Member must have length less than or equal to 1024"
            ),
        )),
        Some(token) if token.is_empty() => Err(ApiError::invalid(
            "ValidationException",
            "1 validation error detected: Value '' at 'nextToken' failed to satisfy constraint: Member must have length greater than or equal to 1",
        )),
        _ => Ok(given),
    }
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

/// When the execution was redriven. AWS does not say that of express children, which begin anew.
pub(super) fn redrive_date(execution: &Execution) -> Option<Timestamp> {
    let express = execution.child.as_ref().is_some_and(Child::is_express);
    execution.redrives.last.filter(|_| !express)
}

pub(super) fn pairs(tags: Vec<Tag>) -> Vec<(String, String)> {
    tags.into_iter().map(|Tag { key, value }| (key, value)).collect()
}

/// A state machine as `DescribeStateMachine` shows it. A version has an ARN, a date and a description of its own.
pub(super) async fn machine(
    context: &Context,
    described: &Described,
    included: Included,
) -> Result<Value, ApiError> {
    let Described { machine, revision, version } = described;
    let references = context.services.executions.variable_references(revision).await?;
    let arn = version.as_ref().map_or_else(|| machine.arn(), |version| version.arn());
    let mut shown = json!({
        "stateMachineArn": arn,
        "name": machine.name,
        "status": "ACTIVE",
        "definition": revision.definition,
        "roleArn": revision.role,
        "type": machine.kind.as_str(),
        "creationDate": version.as_ref().map_or(machine.created, |version| version.created),
        "loggingConfiguration": revision.logging,
        "tracingConfiguration": {"enabled": revision.tracing},
        "encryptionConfiguration": revision.encryption,
    });
    if revision.updated {
        shown["revisionId"] = json!(revision.id);
    }
    if let Some(description) = version.as_ref().and_then(|version| version.description.as_ref()) {
        shown["description"] = json!(description);
    }
    if included == Included::MetadataOnly {
        shown["definition"] = json!("{}");
    } else if !references.is_empty() {
        shown["variableReferences"] = json!(references);
    }
    Ok(shown)
}
