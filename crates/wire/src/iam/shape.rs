//! Roles and policies as IAM shows them.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use trainyard_domain::Timestamp;
use trainyard_services::identity::{Policy, Role, Tag};

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RoleShape {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: Timestamp,
    assume_role_policy_document: String,
    description: Option<String>,
    max_session_duration: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PolicyShape {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: &'static str,
    attachment_count: usize,
    is_attachable: bool,
    create_date: Timestamp,
    update_date: Timestamp,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

/// A policy's text as IAM answers with it: percent-encoded, as RFC 3986 has it.
pub(super) fn encoded(document: &str) -> String {
    utf8_percent_encode(document, NON_ALPHANUMERIC).to_string()
}

impl From<Role> for RoleShape {
    fn from(role: Role) -> Self {
        Self {
            path: role.path,
            role_name: role.name,
            role_id: role.role_id,
            arn: role.arn.to_string(),
            create_date: role.created,
            assume_role_policy_document: encoded(&role.trust_policy),
            description: role.description,
            max_session_duration: role.max_session_seconds,
            tags: role.tags,
        }
    }
}

impl PolicyShape {
    /// `attachments`: how many roles have it.
    pub(super) fn new(policy: Policy, attachments: usize) -> Self {
        Self {
            policy_name: policy.name,
            policy_id: policy.policy_id,
            arn: policy.arn.to_string(),
            path: policy.path,
            default_version_id: "v1",
            attachment_count: attachments,
            is_attachable: true,
            create_date: policy.created,
            update_date: policy.created,
            tags: policy.tags,
        }
    }
}
