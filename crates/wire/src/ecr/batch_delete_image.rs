//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html>

use serde::{Deserialize, Serialize};
use trainyard_services::images::{Error, Reference};

use super::shapes::{ImageFailure, ImageId, Missed, check_ids, own_registry};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Vec<ImageId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    image_ids: Vec<ImageId>,
    failures: Vec<ImageFailure>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    own_registry(context, input.registry_id.as_deref())?;
    check_ids(&input.image_ids)?;
    context.services.images.repository(&context.scope, &input.repository_name).await?;
    let mut output = Output { image_ids: Vec::new(), failures: Vec::new() };
    for id in &input.image_ids {
        match delete(context, &input.repository_name, id).await {
            Ok(gone) => output.image_ids.extend(gone),
            Err(Missed::Failure(failure)) => output.failures.push(failure),
            Err(Missed::Trouble(error)) => return Err(error),
        }
    }
    Ok(output)
}

/// Deletes one image, and says by which names it was known.
async fn delete(context: &Context, repository: &str, id: &ImageId) -> Result<Vec<ImageId>, Missed> {
    let trouble = |error: Error| Missed::Trouble(error.into());
    let images = &context.services.images;
    let (reference, manifest) = id.find(context, repository).await?;
    let tags = match &reference {
        Reference::Tag(tag) => vec![tag.clone()],
        Reference::Digest(_) => images.tags_of(&manifest).await.map_err(trouble)?,
    };
    match images.delete_image(&context.scope, repository, &reference, &context.principal).await {
        Ok(_) => {}
        Err(error @ Error::InUse { .. }) => {
            return Err(Missed::Failure(id.failed("ImageReferencedByManifestList", error)));
        }
        Err(Error::NoImage { .. }) => {
            return Err(Missed::Failure(id.failed("ImageNotFound", "Requested image not found")));
        }
        Err(error) => return Err(trouble(error)),
    }
    let of = |image_tag| ImageId { image_digest: Some(manifest.digest.to_string()), image_tag };
    if tags.is_empty() {
        return Ok(vec![of(None)]);
    }
    Ok(tags.into_iter().map(|tag| of(Some(tag))).collect())
}
