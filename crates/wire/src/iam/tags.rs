//! Tags, page by page.

use std::vec;

use serde::Serialize;
use trainyard_services::identity::Tag;

use super::paging::Page;
use crate::ApiError;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    tags: Vec<Tag>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

impl Output {
    /// Those of the tags whose keys are on the page.
    pub(super) fn page(
        mut tags: Vec<Tag>,
        of: impl FnOnce(vec::IntoIter<String>) -> Result<Page, ApiError>,
    ) -> Result<Self, ApiError> {
        let keys: Vec<String> = tags.iter().map(|tag| tag.key.clone()).collect();
        let Page { items, marker } = of(keys.into_iter())?;
        tags.retain(|tag| items.contains(&tag.key));
        tags.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Self { tags, is_truncated: marker.is_some(), marker })
    }
}
