//! Shapes that several operations share.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Kind, Timestamp, content::Digest};
use trainyard_services::images::{Error, Images, Listed, Manifest, Reference, Repository, names::check_tag};

use crate::{ApiError, Context};

/// AWS's default and greatest page.
const PAGE: usize = 100;
const MAX_PAGE: usize = 1000;
const MAX_IDS: usize = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RepositoryShape {
    repository_arn: String,
    registry_id: String,
    repository_name: String,
    repository_uri: String,
    created_at: Timestamp,
    image_tag_mutability: &'static str,
    image_scanning_configuration: Scanning,
    encryption_configuration: Encryption,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Scanning {
    #[serde(default)]
    pub(super) scan_on_push: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Encryption {
    pub(super) encryption_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kms_key: Option<String>,
}

impl From<Repository> for RepositoryShape {
    fn from(repository: Repository) -> Self {
        Self {
            repository_arn: repository.arn().to_string(),
            registry_id: repository.scope.account.to_string(),
            repository_uri: repository.uri(),
            created_at: repository.created,
            image_tag_mutability: if repository.immutable_tags { "IMMUTABLE" } else { "MUTABLE" },
            image_scanning_configuration: Scanning { scan_on_push: false },
            encryption_configuration: Encryption { encryption_type: "AES256".to_owned(), kms_key: None },
            repository_name: repository.name,
        }
    }
}

/// Which image: a digest, a tag, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ImageId {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) image_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) image_tag: Option<String>,
}

/// Why nothing was done for one image of a batch.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageFailure {
    image_id: ImageId,
    failure_code: &'static str,
    failure_reason: String,
}

/// One image of a batch: failed, or our own trouble.
pub(super) enum Missed {
    Failure(ImageFailure),
    Trouble(ApiError),
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Filter {
    #[serde(default)]
    tag_status: TagStatus,
    #[serde(default)]
    image_status: ImageStatus,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum TagStatus {
    Tagged,
    Untagged,
    #[default]
    Any,
}

/// Nothing is archived here: all images are active.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum ImageStatus {
    #[default]
    Active,
    Archived,
    Activating,
    Any,
}

impl Filter {
    pub(super) fn takes(self, listed: &Listed) -> bool {
        let by_tag = match self.tag_status {
            TagStatus::Any => true,
            TagStatus::Tagged => !listed.tags.is_empty(),
            TagStatus::Untagged => listed.tags.is_empty(),
        };
        by_tag && matches!(self.image_status, ImageStatus::Active | ImageStatus::Any)
    }
}

/// Refuses another account's registry: policies that could allow it are not evaluated yet.
pub(super) fn own_registry(context: &Context, id: Option<&str>) -> Result<(), ApiError> {
    match id {
        Some(other) if other != context.scope.account.as_str() => {
            let message = format!("account {} may not use the registry of {other}", context.scope.account);
            Err(ApiError::new(Kind::Forbidden, "AccessDeniedException", message))
        }
        _ => Ok(()),
    }
}

pub(super) fn page_size(asked: Option<usize>) -> Result<usize, ApiError> {
    match asked.unwrap_or(PAGE) {
        size @ 1..=MAX_PAGE => Ok(size),
        size => Err(invalid(format!("maxResults {size} is not from 1 to {MAX_PAGE}"))),
    }
}

pub(super) fn check_ids(ids: &[ImageId]) -> Result<(), ApiError> {
    if (1..=MAX_IDS).contains(&ids.len()) {
        return Ok(());
    }
    Err(invalid(format!("imageIds has {} members, and may have from 1 to {MAX_IDS}", ids.len())))
}

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::invalid("InvalidParameterException", message)
}

impl ImageId {
    /// The image, if it is there and has both that digest and that tag. The reference is the tag where one is named.
    pub(super) async fn find(
        &self,
        context: &Context,
        repository: &str,
    ) -> Result<(Reference, Manifest), Missed> {
        let failure = |failure_code, reason: &str| {
            let (image_id, failure_reason) = (self.clone(), reason.to_owned());
            Missed::Failure(ImageFailure { image_id, failure_code, failure_reason })
        };
        let digest = self.image_digest.as_ref().map(|text| text.parse::<Digest>()).transpose();
        let digest = digest.map_err(|e| failure("InvalidImageDigest", &e.to_string()))?;
        if let Some(tag) = &self.image_tag {
            check_tag(tag).map_err(|e| failure("InvalidImageTag", &e.to_string()))?;
        }
        let reference = match (&self.image_tag, digest.clone()) {
            (Some(tag), _) => Reference::Tag(tag.clone()),
            (None, Some(digest)) => Reference::Digest(digest),
            (None, None) => {
                let reason = "Invalid request parameters: both tag and digest cannot be null";
                return Err(failure("MissingDigestAndTag", reason));
            }
        };
        let images: &Images = &context.services.images;
        match images.manifest(&context.scope, repository, &reference).await {
            Ok(manifest) if digest.is_some_and(|digest| digest != manifest.digest) => {
                Err(failure("ImageTagDoesNotMatchDigest", "The tag is not that of the digest"))
            }
            Ok(manifest) => Ok((reference, manifest)),
            Err(Error::NoImage { .. }) => Err(failure("ImageNotFound", "Requested image not found")),
            Err(error) => Err(Missed::Trouble(error.into())),
        }
    }

    pub(super) fn failed(&self, failure_code: &'static str, reason: impl ToString) -> ImageFailure {
        ImageFailure { image_id: self.clone(), failure_code, failure_reason: reason.to_string() }
    }
}
