//! A group is named by its name or, as an identifier, also by its ARN.

use trainyard_domain::Arn;

use crate::ApiError;

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

/// How many on a page: 1 to 50, as many as AWS gives.
pub(super) fn page(limit: Option<usize>) -> Result<usize, ApiError> {
    match limit.unwrap_or(50) {
        limit @ 1..=50 => Ok(limit),
        limit => Err(ApiError::invalid(
            "InvalidParameterException",
            format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must \
                 have value between 1 and 50"
            ),
        )),
    }
}
