//! An endpoint as it is remembered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp, serving::VariantId};
use trainyard_store::{Keys, Noun};

use crate::{
    ground::{label_from, scope_key},
    jobs::Tag,
};

/// An endpoint's status, in SageMaker's words.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Its first generation comes up.
    Creating,
    /// It answers.
    InService,
    /// It answers, and its next generation comes up.
    Updating,
    /// It never came up, or everything it had is gone.
    Failed,
    /// It goes away.
    Deleting,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Where.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: Arn,
    /// How it is.
    pub status: Status,
    /// Why it failed, or why its last update did.
    pub failure: Option<String>,
    /// The copies of the generation that serves which went down and have not come back yet, each with why.
    #[serde(default)]
    pub down: BTreeMap<VariantId, String>,
    /// What serves.
    pub current: Option<Generation>,
    /// What comes up.
    pub next: Option<Generation>,
    /// What finishes its requests before it goes.
    pub leaving: Vec<Generation>,
    /// How many generations there were.
    pub generations: u64,
    /// Tags.
    pub tags: Vec<Tag>,
    /// The task token of its last creation or update: the same token changes nothing again.
    pub token: Option<String>,
    /// Who made it.
    pub principal: Principal,
    /// When.
    pub created: Timestamp,
    /// When it last changed.
    pub modified: Timestamp,
}

/// All copies of all variants of one configuration, as one endpoint has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generation {
    /// The configuration's name.
    pub config: String,
    /// Since when it comes up, serves or leaves.
    pub since: Timestamp,
    /// The copies.
    pub copies: Vec<Copy>,
}

/// One copy of one variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    /// The id that the driver knows it by.
    pub id: VariantId,
    /// Its variant.
    pub variant: String,
    /// The model it serves.
    pub model: String,
    /// What it runs on.
    pub instance_type: String,
    /// The variant's share of the traffic.
    pub weight: f64,
    /// How many copies the variant has.
    pub of: u32,
}

impl Status {
    /// Whether an endpoint may go from this status to `next`.
    pub fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Deleting, _) => false,
            (_, Self::Deleting) | (Self::Creating, Self::InService | Self::Failed) => true,
            (Self::InService, Self::Updating | Self::Failed) => true,
            (Self::Updating, Self::InService | Self::Failed) => true,
            (Self::Failed, Self::Updating) => true,
            _ => false,
        }
    }
}

impl Endpoint {
    /// All generations that may have something running.
    pub fn generations(&self) -> impl Iterator<Item = &Generation> {
        self.current.iter().chain(&self.next).chain(&self.leaving)
    }
}

/// The id of a copy follows from endpoint, generation, variant and number.
pub(super) fn copy_id(arn: &Arn, made: Timestamp, generation: u64, copy: (&str, u32)) -> String {
    let (variant, number) = copy;
    let parts = [
        arn.to_string(),
        made.millis().to_string(),
        generation.to_string(),
        variant.to_owned(),
        number.to_string(),
    ];
    format!("variant-{}", label_from(&parts.each_ref().map(String::as_str)))
}

impl Noun for Endpoint {
    const KIND: &'static str = "endpoint";

    fn scope(&self) -> String {
        scope_key(&self.scope)
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add_number("created", self.created.millis());
    }
}
