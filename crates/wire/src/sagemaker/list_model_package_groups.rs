//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListModelPackageGroups.html>

use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_services::listing::Listing;

use super::paging::{ByCreation, Order, limit};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
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

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let listing = Listing {
        name_contains: input.name_contains,
        ascending: input.sort_order != Some(Order::Descending),
        limit: limit(input.max_results)?,
        after: input.next_token,
    };
    let (groups, next) = context.services.registry.groups(&context.scope, &listing).await?;
    let shown = groups.iter().map(|group| {
        json!({
            "ModelPackageGroupName": group.name,
            "ModelPackageGroupArn": group.arn,
            "ModelPackageGroupDescription": group.description,
            "CreationTime": group.created,
            "ModelPackageGroupStatus": "Completed",
        })
    });
    Ok(json!({"ModelPackageGroupSummaryList": shown.collect::<Vec<_>>(), "NextToken": next}))
}
