//! How SageMaker's lists are asked for.

use serde::Deserialize;
use trainyard_services::listing::Listing;

use crate::ApiError;

/// The one order there is here.
#[derive(Deserialize)]
pub(super) enum ByCreation {
    /// By the time of creation.
    CreationTime,
}

/// `SortOrder`.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Order {
    /// The oldest first.
    Ascending,
    /// The newest first.
    Descending,
}

/// The members of the lists whose newest come first unless told otherwise.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Newest {
    #[serde(default)]
    name_contains: Option<String>,
    #[serde(default, rename = "SortBy")]
    _sort_by: Option<ByCreation>,
    #[serde(default)]
    sort_order: Option<Order>,
    #[serde(default)]
    max_results: Option<usize>,
    #[serde(default)]
    next_token: Option<String>,
}

impl Newest {
    pub(super) fn listing(self) -> Result<Listing, ApiError> {
        Ok(Listing {
            name_contains: self.name_contains,
            ascending: self.sort_order == Some(Order::Ascending),
            limit: limit(self.max_results)?,
            after: self.next_token,
        })
    }
}

/// `MaxResults`: 1 to 100, 10 if it is absent.
pub(super) fn limit(asked: Option<usize>) -> Result<usize, ApiError> {
    match asked {
        None => Ok(10),
        Some(n @ 1..=100) => Ok(n),
        Some(n) => Err(ApiError::invalid(
            "ValidationException",
            format!(
                "1 validation error detected: Value '{n}' at 'maxResults' failed to satisfy constraint: Member must be between 1 and 100"
            ),
        )),
    }
}
