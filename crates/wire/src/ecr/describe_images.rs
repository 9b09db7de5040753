//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::{Kind, Timestamp};
use trainyard_services::images::{Listed, manifest::Parsed};

use super::shapes::{Filter, ImageId, Missed, check_ids, invalid, own_registry, page_size};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Option<Vec<ImageId>>,
    next_token: Option<String>,
    max_results: Option<usize>,
    #[serde(default)]
    filter: Filter,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    image_details: Vec<ImageDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageDetail {
    registry_id: String,
    repository_name: String,
    image_digest: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_tags: Vec<String>,
    image_size_in_bytes: u64,
    image_pushed_at: Timestamp,
    image_manifest_media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_manifest_digest: Option<String>,
    image_status: &'static str,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    own_registry(context, input.registry_id.as_deref())?;
    if let Some(ids) = &input.image_ids {
        if input.max_results.is_some() || input.next_token.is_some() {
            return Err(invalid("maxResults and nextToken cannot be used with imageIds"));
        }
        return named(context, &input.repository_name, ids).await;
    }
    let limit = page_size(input.max_results)?;
    let mut from = input.next_token.map(|token| token.parse()).transpose().map_err(|_| bad_token())?;
    let mut image_details = Vec::new();
    loop {
        let images = &context.services.images;
        let (page, more) = images.listed(&context.scope, &input.repository_name, limit + 1, from).await?;
        let last = page.last().map(|listed| listed.manifest.digest.clone());
        for listed in page {
            if !input.filter.takes(&listed) {
                continue;
            }
            if image_details.len() == limit {
                let next_token = Some(listed.manifest.digest.to_string());
                return Ok(Output { image_details, next_token });
            }
            image_details.push(detail(listed));
        }
        if !more {
            return Ok(Output { image_details, next_token: None });
        }
        // The last one comes again and is left out.
        from = last;
        image_details
            .pop_if(|detail| Some(&detail.image_digest) == from.as_ref().map(ToString::to_string).as_ref());
    }
}

async fn named(context: &Context, repository: &str, ids: &[ImageId]) -> Result<Output, ApiError> {
    check_ids(ids)?;
    let mut image_details = Vec::new();
    for id in ids {
        let manifest = match id.find(context, repository).await {
            Ok((_, manifest)) => manifest,
            Err(Missed::Trouble(error)) => return Err(error),
            Err(Missed::Failure(_)) => return Err(not_found(context, repository, id)),
        };
        let tags = context.services.images.tags_of(&manifest).await?;
        image_details.push(detail(Listed { manifest, tags }));
    }
    Ok(Output { image_details, next_token: None })
}

/// AWS's wording.
fn not_found(context: &Context, repository: &str, id: &ImageId) -> ApiError {
    let quoted = |text: &Option<String>| format!("'{}'", text.as_deref().unwrap_or("null"));
    let message = format!(
        "The image with imageId {{imageDigest:{}, imageTag:{}}} does not exist within the repository with name '{repository}' in the registry with id '{}'",
        quoted(&id.image_digest),
        quoted(&id.image_tag),
        context.scope.account
    );
    ApiError::new(Kind::NotFound, "ImageNotFoundException", message)
}

pub(super) fn bad_token() -> ApiError {
    invalid("nextToken is not one that was given out here")
}

fn detail(Listed { manifest, tags }: Listed) -> ImageDetail {
    let parsed = Parsed::read(&manifest.media_type, &manifest.body).ok();
    ImageDetail {
        registry_id: manifest.scope.account.to_string(),
        repository_name: manifest.repository,
        image_digest: manifest.digest.to_string(),
        image_tags: tags,
        image_size_in_bytes: manifest.size,
        image_pushed_at: manifest.pushed,
        artifact_media_type: parsed.and_then(|parsed| Some(parsed.kind_of_artifact()?.to_owned())),
        image_manifest_media_type: manifest.media_type,
        subject_manifest_digest: manifest.subject.map(String::from),
        image_status: "ACTIVE",
    }
}
