//! Endpoint configurations: which models serve, and how much of each.
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use super::Error;
use crate::{
    ground::scope_key,
    jobs::{Tag, check_name, resources},
};

/// The members of CreateEndpointConfig that are honoured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ConfigRequest {
    /// Its name.
    pub endpoint_config_name: String,
    /// The variants.
    pub production_variants: Vec<ProductionVariant>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// `ProductionVariant`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ProductionVariant {
    /// Its name.
    pub variant_name: String,
    /// The model it serves.
    pub model_name: String,
    /// How many copies.
    #[serde(default = "one_copy")]
    pub initial_instance_count: u32,
    /// What each runs on.
    pub instance_type: String,
    /// Its share of the traffic, relative to the others'.
    #[serde(default = "one_share")]
    pub initial_variant_weight: f64,
}

fn one_copy() -> u32 {
    1
}

fn one_share() -> f64 {
    1.0
}

/// A configuration. It never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointConfig {
    /// Where.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: Arn,
    /// The variants.
    pub variants: Vec<ProductionVariant>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// The task token it was made with: the same token gets the same configuration.
    pub token: Option<String>,
    /// Who made it.
    pub principal: Principal,
    /// When.
    pub created: Timestamp,
}

impl Noun for EndpointConfig {
    const KIND: &'static str = "endpoint-config";

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

/// Copies of one variant, at most: one machine serves.
const MOST_COPIES: u32 = 20;
/// Variants of one configuration, at most (AWS's limit).
const MOST_VARIANTS: usize = 10;

impl ConfigRequest {
    /// Whether all that is asked for can be honoured.
    pub(super) fn check(&self) -> Result<(), Error> {
        check_name("endpointConfigName", &self.endpoint_config_name)
            .map_err(|e| Error::Invalid(e.to_string()))?;
        if !(1..=MOST_VARIANTS).contains(&self.production_variants.len()) {
            return Err(Error::Invalid(format!(
                "`ProductionVariants` must have 1 to {MOST_VARIANTS} members"
            )));
        }
        for (at, variant) in self.production_variants.iter().enumerate() {
            variant.check()?;
            if self.production_variants[..at].iter().any(|other| other.variant_name == variant.variant_name) {
                return Err(Error::Invalid(format!(
                    "the variant name `{}` is used twice",
                    variant.variant_name
                )));
            }
        }
        if self.production_variants.iter().all(|variant| variant.initial_variant_weight == 0.0) {
            return Err(Error::Invalid("at least one variant must have a weight above 0".to_owned()));
        }
        Ok(())
    }
}

impl ProductionVariant {
    fn check(&self) -> Result<(), Error> {
        check_name("variantName", &self.variant_name).map_err(|e| Error::Invalid(e.to_string()))?;
        if !(1..=MOST_COPIES).contains(&self.initial_instance_count) {
            return Err(Error::Invalid(format!("`InitialInstanceCount` must be 1 to {MOST_COPIES}")));
        }
        if !self.initial_variant_weight.is_finite() || self.initial_variant_weight < 0.0 {
            return Err(Error::Invalid("`InitialVariantWeight` must be 0 or more".to_owned()));
        }
        resources(&self.instance_type).map(|_| ()).ok_or_else(|| {
            Error::Invalid(format!(
                "`{}` is not an instance type that is known here, such as ml.t3.medium",
                self.instance_type
            ))
        })
    }
}
