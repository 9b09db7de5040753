//! The model registry.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answered, SAGEMAKER};
use crate::client::Client;

/// A model version.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Package {
    /// Its ARN.
    pub model_package_arn: String,
    /// Its group.
    pub model_package_group_name: Option<String>,
    /// Its number in the group.
    pub model_package_version: Option<u64>,
    /// What it is.
    pub model_package_description: Option<String>,
    /// `PendingManualApproval`, `Approved` or `Rejected`.
    pub model_approval_status: Option<String>,
    /// When it was made, in seconds since 1970.
    #[serde(default)]
    pub creation_time: f64,
    #[serde(default)]
    customer_metadata_properties: Map<String, Value>,
    #[serde(default)]
    metadata_properties: Metadata,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    commit_id: Option<String>,
    generated_by: Option<String>,
}

impl Package {
    /// `group/version`, as a person writes it.
    pub(crate) fn name(&self) -> String {
        match (&self.model_package_group_name, self.model_package_version) {
            (Some(group), Some(version)) => format!("{group}/{version}"),
            _ => super::last(&self.model_package_arn).to_owned(),
        }
    }

    /// The commit that it comes from.
    pub(crate) fn commit(&self) -> Option<&str> {
        self.metadata_properties.commit_id.as_deref()
    }

    /// The execution that made it.
    pub(crate) fn execution(&self) -> Option<&str> {
        let noted = || self.property("execution");
        self.metadata_properties
            .generated_by
            .as_deref()
            .filter(|by| by.contains(":execution:"))
            .or_else(noted)
    }

    /// What its maker, or the server, notes of it under that name.
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        self.customer_metadata_properties.get(name)?.as_str()
    }

    /// Of how many inputs the digests are known.
    pub(crate) fn data_digests(&self) -> usize {
        self.customer_metadata_properties
            .keys()
            .filter(|name| name.starts_with("trainyard:data-digest:"))
            .count()
    }

    /// How its approval stands.
    pub(crate) fn approval(&self) -> &str {
        self.model_approval_status.as_deref().unwrap_or_default()
    }
}

/// The versions that wait for approval, the latest first.
pub(crate) async fn pending(client: &Client) -> Answered<Vec<Package>> {
    let mut pending = Vec::new();
    for group in groups(client).await? {
        pending.extend(of_group(client, &group, Some("PendingManualApproval")).await?);
    }
    pending.sort_by(|a, b| b.creation_time.total_cmp(&a.creation_time));
    Ok(pending)
}

/// The names of all groups.
pub(crate) async fn groups(client: &Client) -> Answered<Vec<String>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Group {
        model_package_group_name: String,
    }
    let groups: Vec<Group> =
        SAGEMAKER.all(client, "ListModelPackageGroups", json!({}), "ModelPackageGroupSummaryList").await?;
    Ok(groups.into_iter().map(|group| group.model_package_group_name).collect())
}

/// The versions of a group, the latest first; with an approval status, only those that stand so.
pub(crate) async fn of_group(client: &Client, group: &str, approval: Option<&str>) -> Answered<Vec<Package>> {
    let mut input =
        json!({"ModelPackageGroupName": group, "SortBy": "CreationTime", "SortOrder": "Descending"});
    if let Some(approval) = approval {
        input["ModelApprovalStatus"] = approval.into();
    }
    SAGEMAKER.all(client, "ListModelPackages", input, "ModelPackageSummaryList").await
}

/// The version of that ARN, in full.
pub(crate) async fn get(client: &Client, arn: &str) -> Answered<Option<Package>> {
    let answer = SAGEMAKER.ask(client, "DescribeModelPackage", json!({"ModelPackageName": arn})).await;
    super::there(answer, &["ValidationException", "ResourceNotFound"])
}

/// Answers for a version.
pub(crate) async fn answer(
    client: &Client,
    arn: &str,
    approved: bool,
    comment: Option<&str>,
) -> Answered<()> {
    let status = if approved { "Approved" } else { "Rejected" };
    let mut input = json!({"ModelPackageArn": arn, "ModelApprovalStatus": status});
    if let Some(comment) = comment {
        input["ApprovalDescription"] = comment.into();
    }
    SAGEMAKER.ask::<Value>(client, "UpdateModelPackage", input).await?;
    Ok(())
}
