//! A model package as it is remembered: one version of a group.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use super::request::{Container, Inference};
use crate::{
    ground::scope_key,
    jobs::{InputDigest, Tag},
};

/// Whether a version may be deployed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Approval {
    /// It may.
    Approved,
    /// It may not.
    Rejected,
    /// Nobody has said.
    #[default]
    PendingManualApproval,
}

/// One version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// Where.
    pub scope: Scope,
    /// Its group.
    pub group: String,
    /// Its number in the group, from 1.
    pub version: u64,
    /// Its ARN.
    pub arn: Arn,
    /// What it is.
    pub description: Option<String>,
    /// How it is served, as it was asked for.
    pub inference: Option<Value>,
    /// Where its metrics are.
    pub metrics: Option<Value>,
    /// What its maker says of it.
    pub properties: BTreeMap<String, String>,
    /// What its maker says of its origin.
    pub metadata: BTreeMap<String, String>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Where we know it to come from.
    pub source: Source,
    /// Whether it may be deployed.
    pub approval: Approval,
    /// Who said so, oldest first.
    pub decisions: Vec<Decision>,
    /// The client token it was made with: the same token gets the same version.
    pub token: Option<String>,
    /// Who made it.
    pub principal: Principal,
    /// When.
    pub created: Timestamp,
    /// When it last changed.
    pub modified: Timestamp,
}

/// Somebody's word on a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What they said.
    pub approval: Approval,
    /// Who.
    pub who: Arn,
    /// When.
    pub when: Timestamp,
    /// Why.
    pub why: Option<String>,
}

/// Where a version comes from, as far as we saw it happen ourselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The commit that the image was built from.
    pub commit: Option<String>,
    /// The repository of the commit.
    pub repository: Option<String>,
    /// The image.
    pub image: Option<String>,
    /// The digest of the model's bytes.
    pub model: Option<String>,
    /// The job that made the model.
    pub job: Option<String>,
    /// What that job was given.
    pub data: Vec<InputDigest>,
    /// The execution that registered the version.
    pub execution: Option<String>,
}

impl Noun for Package {
    const KIND: &'static str = "model-package";

    fn scope(&self) -> String {
        scope_key(&self.scope)
    }

    fn id(&self) -> String {
        package_id(&self.group, self.version)
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("group", format!("{}/{:019}", self.group, self.version));
        keys.add_number("created", self.created.millis());
        if let Some(token) = &self.token {
            keys.add("token", token);
        }
        if self.approval == Approval::PendingManualApproval {
            keys.add("pending", &self.group);
        }
    }
}

/// A package's id in the store.
pub(super) fn package_id(group: &str, version: u64) -> String {
    format!("{group}/{version}")
}

impl Package {
    /// What serves the version.
    pub fn container(&self) -> Option<Container> {
        let inference: Inference = serde_json::from_value(self.inference.clone()?).ok()?;
        inference.containers.into_iter().next()
    }
}
