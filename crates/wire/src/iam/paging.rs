//! Pages of what one role or policy has.

use serde::Deserialize;
use trainyard_domain::Arn;

use crate::{ApiError, input};

/// The input of an operation that lists what one role has.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OfRole {
    pub(super) role_name: String,
    /// The last of the page before.
    marker: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    max_items: Option<usize>,
}

/// The input of an operation that lists what one policy has.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OfPolicy {
    pub(super) policy_arn: Arn,
    /// The last of the page before.
    marker: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    max_items: Option<usize>,
}

/// One page, and where the next one begins.
pub(super) struct Page {
    pub(super) items: Vec<String>,
    pub(super) marker: Option<String>,
}

impl OfRole {
    /// The page that is asked for, in the order of the texts.
    pub(super) fn page(&self, all: impl Iterator<Item = String>) -> Result<Page, ApiError> {
        page(all, self.marker.as_ref(), self.max_items)
    }
}

impl OfPolicy {
    /// The page that is asked for, in the order of the texts.
    pub(super) fn page(&self, all: impl Iterator<Item = String>) -> Result<Page, ApiError> {
        page(all, self.marker.as_ref(), self.max_items)
    }
}

fn page(
    all: impl Iterator<Item = String>,
    after: Option<&String>,
    most: Option<usize>,
) -> Result<Page, ApiError> {
    let most = input::within(most.unwrap_or(100), "maxItems", 1..=1000, "ValidationError")?;
    let mut items: Vec<String> = all.filter(|item| Some(item) > after).collect();
    items.sort_unstable();
    let more = items.len() > most;
    items.truncate(most);
    let marker = items.last().filter(|_| more).cloned();
    Ok(Page { items, marker })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_as_long_as_it_may_be() {
        let of_role = |most| OfRole { role_name: "r".to_owned(), marker: None, max_items: most };
        let all = || ["b", "c", "a"].map(str::to_owned).into_iter();
        let page = of_role(Some(2)).page(all()).unwrap();
        assert_eq!((page.items, page.marker.as_deref()), (vec!["a".to_owned(), "b".to_owned()], Some("b")));
        let check = |most, rule: &str| {
            let refused = of_role(Some(most)).page(all()).map(|page| page.items).unwrap_err();
            let expect = format!(
                "1 validation error detected: Value '{most}' at 'maxItems' failed to satisfy constraint: Member must {rule}"
            );
            assert_eq!(refused.message, expect);
        };
        check(0, "have value greater than or equal to 1");
        check(1001, "have value less than or equal to 1000");
    }
}
