//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListModelPackages.html>

use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_services::{
    listing::Listing,
    registry::{Approval, Filter},
};

use super::paging::{ByCreation, Order, limit};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    #[serde(default)]
    model_package_group_name: Option<String>,
    #[serde(default)]
    model_approval_status: Option<Approval>,
    /// Only versions of groups are kept here.
    #[serde(default, rename = "ModelPackageType")]
    _model_package_type: Option<Versioned>,
    #[serde(default, rename = "SortBy")]
    _sort_by: Option<ByCreation>,
    #[serde(default)]
    sort_order: Option<Order>,
    #[serde(default)]
    max_results: Option<usize>,
    #[serde(default)]
    next_token: Option<String>,
}

/// The one kind there is.
#[derive(Deserialize)]
enum Versioned {
    Versioned,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let registry = &context.services.registry;
    let group = match input.model_package_group_name {
        Some(name) => Some(registry.group(&context.scope, &name).await?.value.name),
        None => None,
    };
    let filter = Filter { group, approval: input.model_approval_status };
    let listing = Listing {
        name_contains: None,
        ascending: input.sort_order != Some(Order::Descending),
        limit: limit(input.max_results)?,
        after: input.next_token,
    };
    let (packages, next) = registry.list(&context.scope, &filter, &listing).await?;
    let shown = packages.iter().map(|package| {
        json!({
            "ModelPackageName": package.group,
            "ModelPackageGroupName": package.group,
            "ModelPackageVersion": package.version,
            "ModelPackageArn": package.arn,
            "ModelPackageDescription": package.description,
            "CreationTime": package.created,
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": package.approval,
        })
    });
    Ok(json!({"ModelPackageSummaryList": shown.collect::<Vec<_>>(), "NextToken": next}))
}
