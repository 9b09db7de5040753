//! Who asks, and out of which work they ask.

use serde::{Deserialize, Serialize};

use crate::{AccountId, Arn, Scope};

/// The one who makes a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The account they act in.
    pub account: AccountId,
    /// A user, a role session, or the account's root.
    pub arn: Arn,
    /// The role behind a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
    /// The work they act for: what they make carries it on.
    #[serde(default)]
    pub lineage: Lineage,
}

/// The chain that a thing came out of. A member that is not known is absent, never guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// The commit, in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The repository the commit is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The build's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// The image's digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The execution's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// The job's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

impl Principal {
    /// The account's root, who is asked when nobody else is: the server acting for itself.
    pub fn root(scope: &Scope) -> Self {
        Self {
            account: scope.account.clone(),
            arn: Arn::global("iam", scope, "root"),
            role: None,
            lineage: Lineage::default(),
        }
    }
}
