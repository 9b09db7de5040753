//! Pages of what one role has.

use serde::Deserialize;

use crate::{ApiError, input};

/// The input of an operation that lists what one role has.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OfRole {
    pub(super) role_name: String,
    /// The last of the page before.
    marker: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    max_items: Option<u32>,
}

/// One page, and where the next one begins.
pub(super) struct Page {
    pub(super) items: Vec<String>,
    pub(super) marker: Option<String>,
}

impl OfRole {
    /// The page that is asked for, in the order of the texts.
    pub(super) fn page(&self, all: impl Iterator<Item = String>) -> Result<Page, ApiError> {
        let most = self.max_items.unwrap_or(100);
        if !(1..=1000).contains(&most) {
            let reason = format!(
                "1 validation error detected: Value '{most}' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 1000"
            );
            return Err(ApiError::invalid("ValidationError", reason));
        }
        let mut items: Vec<String> = all.filter(|item| Some(item) > self.marker.as_ref()).collect();
        items.sort_unstable();
        let more = items.len() > most as usize;
        items.truncate(most as usize);
        let marker = items.last().filter(|_| more).cloned();
        Ok(Page { items, marker })
    }
}
