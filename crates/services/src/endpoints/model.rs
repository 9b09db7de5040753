//! Models: an image and the model's files.
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use super::Error;
use crate::{
    ground::scope_key,
    jobs::{Tag, check_name},
};

/// The members of CreateModel that are honoured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ModelRequest {
    /// The model's name.
    pub model_name: String,
    /// What serves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_container: Option<Container>,
    /// The same, as a list: exactly one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<Container>,
    /// The role that it acts as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_role_arn: Option<Arn>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Only false.
    #[serde(default)]
    pub enable_network_isolation: bool,
}

/// `ContainerDefinition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Container {
    /// The image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Only `SingleModel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The model: a `tar.gz` in S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_data_url: Option<String>,
    /// Its variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// A version in the registry, in place of image and model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_package_name: Option<String>,
    /// Kept and shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_hostname: Option<String>,
}

/// The one word `SingleModel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// One model per container.
    SingleModel,
}

/// A model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Where.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: Arn,
    /// The request, as it is shown again.
    pub request: ModelRequest,
    /// What serves: a version of the registry is taken apart when the model is made.
    pub image: String,
    /// The model's files, if it has any.
    pub data: Option<String>,
    /// The variables of request and version.
    pub environment: BTreeMap<String, String>,
    /// The task token it was made with: the same token gets the same model.
    pub token: Option<String>,
    /// Who made it.
    pub principal: Principal,
    /// When.
    pub created: Timestamp,
}

impl Noun for Model {
    const KIND: &'static str = "model";

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

impl ModelRequest {
    /// The one container.
    pub(super) fn container(&self) -> Result<&Container, Error> {
        check_name("modelName", &self.model_name).map_err(|e| Error::Invalid(e.to_string()))?;
        if self.enable_network_isolation {
            return Err(Error::Invalid(
                "`EnableNetworkIsolation` cannot be honoured here: leave it out".to_owned(),
            ));
        }
        match (&self.primary_container, self.containers.as_slice()) {
            (Some(container), []) | (None, [container]) => Ok(container),
            (None, []) => Err(Error::Invalid("a model needs `PrimaryContainer` or `Containers`".to_owned())),
            _ => Err(Error::Invalid("a model has exactly one container here".to_owned())),
        }
    }
}
