//! A group is named by its name or, as an identifier, also by its ARN.

use trainyard_domain::Arn;

use crate::{ApiError, input};

/// The group that is meant. Just one of both must be there.
pub(super) fn group(name: Option<String>, identifier: Option<String>) -> Result<String, ApiError> {
    match (name, identifier) {
        (Some(name), None) => Ok(name),
        (None, Some(identifier)) => Ok(match identifier.parse::<Arn>() {
            Ok(arn) => arn.resource_of("log-group").unwrap_or_default().trim_end_matches(":*").to_owned(),
            Err(_) => identifier,
        }),
        _ => Err(ApiError::invalid(
            "InvalidParameterException",
            "one of logGroupName and logGroupIdentifier must be there, and not both",
        )),
    }
}

/// The group that has tags, by its ARN.
pub(super) fn tagged(arn: &str) -> Result<String, ApiError> {
    let parsed = arn.parse::<Arn>().ok();
    let name = parsed.as_ref().and_then(|arn| arn.resource_of("log-group"));
    let name = name.map(|name| name.trim_end_matches(":*").to_owned());
    name.ok_or_else(|| {
        ApiError::invalid("InvalidParameterException", format!("{arn} is the ARN of no log group"))
    })
}

/// How many on a page: 1 to 50, as many as AWS gives.
pub(super) fn page(limit: Option<usize>) -> Result<usize, ApiError> {
    input::within(limit.unwrap_or(50), "limit", 1..=50, "InvalidParameterException")
}
