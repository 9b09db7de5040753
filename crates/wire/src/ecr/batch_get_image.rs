//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html>

use serde::{Deserialize, Serialize};

use super::shapes::{ImageFailure, ImageId, Missed, check_ids, own_registry};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Vec<ImageId>,
    accepted_media_types: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    images: Vec<Image>,
    failures: Vec<ImageFailure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    registry_id: String,
    repository_name: String,
    image_id: ImageId,
    image_manifest: String,
    image_manifest_media_type: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    own_registry(context, input.registry_id.as_deref())?;
    check_ids(&input.image_ids)?;
    context.services.images.repository(&context.scope, &input.repository_name).await?;
    let mut output = Output { images: Vec::new(), failures: Vec::new() };
    for id in &input.image_ids {
        let manifest = match id.find(context, &input.repository_name).await {
            Ok((_, manifest)) => manifest,
            Err(Missed::Failure(failure)) => {
                output.failures.push(failure);
                continue;
            }
            Err(Missed::Trouble(error)) => return Err(error),
        };
        if input.accepted_media_types.as_ref().is_some_and(|types| !types.contains(&manifest.media_type)) {
            let reason =
                format!("the image's media type {} is not one of those accepted", manifest.media_type);
            output.failures.push(id.failed("ImageNotFound", reason));
            continue;
        }
        let image_tag = id.image_tag.clone();
        output.images.push(Image {
            registry_id: manifest.scope.account.to_string(),
            repository_name: manifest.repository,
            image_id: ImageId { image_digest: Some(manifest.digest.into()), image_tag },
            image_manifest: manifest.body,
            image_manifest_media_type: manifest.media_type,
        });
    }
    Ok(output)
}
