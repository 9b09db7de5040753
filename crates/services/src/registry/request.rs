//! CreateModelPackage's and UpdateModelPackage's requests.
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Error, package::Approval};
use crate::jobs::Tag;

/// The members of CreateModelPackage that are honoured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PackageRequest {
    /// The group: its name or ARN.
    pub model_package_group_name: String,
    /// What it is.
    #[serde(default)]
    pub model_package_description: Option<String>,
    /// How it is served.
    #[serde(default)]
    pub inference_specification: Option<Inference>,
    /// Where its metrics are.
    #[serde(default)]
    pub model_metrics: Option<Value>,
    /// Whether it may be deployed.
    #[serde(default)]
    pub model_approval_status: Approval,
    /// What its maker says of it.
    #[serde(default)]
    pub customer_metadata_properties: BTreeMap<String, String>,
    /// What its maker says of its origin: CommitId, Repository, GeneratedBy, ProjectId.
    #[serde(default)]
    pub metadata_properties: BTreeMap<String, String>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// The same token gets the same version.
    #[serde(default)]
    pub client_token: Option<String>,
}

/// `InferenceSpecification`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Inference {
    /// What serves it.
    pub containers: Vec<Container>,
    /// What it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supported_content_types: Vec<String>,
    /// What it gives.
    #[serde(default, rename = "SupportedResponseMIMETypes", skip_serializing_if = "Vec::is_empty")]
    pub supported_response_mime_types: Vec<String>,
    /// What it may run on in batch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supported_transform_instance_types: Vec<String>,
    /// What it may run on behind an endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supported_realtime_inference_instance_types: Vec<String>,
}

/// One container of an [`Inference`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Container {
    /// Its image.
    pub image: String,
    /// The image's digest, as it was when the version was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    /// Its model: a `tar.gz` in S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_data_url: Option<String>,
    /// Its variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Kept and shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// Kept and shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework_version: Option<String>,
    /// Kept and shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_hostname: Option<String>,
}

/// The members of UpdateModelPackage that are honoured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PackageUpdate {
    /// The version.
    pub model_package_arn: String,
    /// Whether it may be deployed.
    #[serde(default)]
    pub model_approval_status: Option<Approval>,
    /// Why.
    #[serde(default)]
    pub approval_description: Option<String>,
    /// Added to what its maker said.
    #[serde(default)]
    pub customer_metadata_properties: BTreeMap<String, String>,
    /// Taken from what its maker said.
    #[serde(default)]
    pub customer_metadata_properties_to_remove: Vec<String>,
}

impl PackageRequest {
    /// Whether all that is asked for can be honoured.
    pub fn check(&self) -> Result<(), Error> {
        let known = ["CommitId", "Repository", "GeneratedBy", "ProjectId"];
        if let Some(other) = self.metadata_properties.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Error::Invalid(format!("the member `MetadataProperties.{other}` is not known")));
        }
        let containers =
            self.inference_specification.as_ref().map_or(0, |inference| inference.containers.len());
        if self.inference_specification.is_some() && containers != 1 {
            return Err(Error::Invalid(format!(
                "`InferenceSpecification.Containers` has {containers} members: exactly one can be served here"
            )));
        }
        Ok(())
    }
}

impl Container {
    /// The image by its digest, if it is known: a tag may have moved since the version was made.
    pub fn pinned_image(&self) -> String {
        let Some(digest) = &self.image_digest else { return self.image.clone() };
        let name = self.image.split('@').next().unwrap_or(&self.image);
        // A colon behind the last slash begins a tag; before it, a port.
        let slash = name.rfind('/').map_or(0, |at| at + 1);
        let end = name[slash..].find(':').map_or(name.len(), |at| slash + at);
        format!("{}@{digest}", &name[..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_gives_way_to_the_digest() {
        let check = |image: &str, expect: &str| {
            let container = Container {
                image: image.to_owned(),
                image_digest: Some("sha256:1".to_owned()),
                model_data_url: None,
                environment: BTreeMap::new(),
                framework: None,
                framework_version: None,
                container_hostname: None,
            };
            assert_eq!(container.pinned_image(), expect);
        };
        check("host:5000/a/b:tag", "host:5000/a/b@sha256:1");
        check("host/a@sha256:0", "host/a@sha256:1");
        check("host/a", "host/a@sha256:1");
    }
}
