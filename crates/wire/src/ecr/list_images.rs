//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImages.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::content::Digest;
use trainyard_services::images::Listed;

use super::{
    describe_images::bad_token,
    shapes::{Filter, ImageId, own_registry, page_size},
};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    next_token: Option<String>,
    max_results: Option<usize>,
    #[serde(default)]
    filter: Filter,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    image_ids: Vec<ImageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Where a page begins: with this digest and, of its tags, with this one.
struct Start {
    digest: Digest,
    tag: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    own_registry(context, input.registry_id.as_deref())?;
    let limit = page_size(input.max_results)?;
    let mut start = input.next_token.as_deref().map(read_token).transpose()?;
    let mut image_ids = Vec::new();
    loop {
        let from = start.as_ref().map(|start| start.digest.clone());
        let images = &context.services.images;
        let (page, more) = images.listed(&context.scope, &input.repository_name, limit + 1, from).await?;
        let last = page.last().map(|listed| listed.manifest.digest.clone());
        for listed in page.into_iter().filter(|listed| input.filter.takes(listed)) {
            for (digest, tag) in names(listed) {
                if start.as_ref().is_some_and(|start| start.digest == digest && tag < start.tag) {
                    continue;
                }
                if image_ids.len() == limit {
                    return Ok(Output { image_ids, next_token: Some(format!("{digest}@{tag}")) });
                }
                let image_tag = Some(tag).filter(|tag| !tag.is_empty());
                image_ids.push(ImageId { image_digest: Some(digest.into()), image_tag });
            }
        }
        let Some(digest) = last.filter(|_| more) else {
            return Ok(Output { image_ids, next_token: None });
        };
        // All of the last one's names are there: go on behind them.
        start = Some(Start { digest, tag: char::MAX.to_string() });
    }
}

/// One name for each tag; an image without tags has one name without.
fn names(listed: Listed) -> Vec<(Digest, String)> {
    let digest = listed.manifest.digest;
    let tags = if listed.tags.is_empty() { vec![String::new()] } else { listed.tags };
    tags.into_iter().map(|tag| (digest.clone(), tag)).collect()
}

fn read_token(token: &str) -> Result<Start, ApiError> {
    let (digest, tag) = token.split_once('@').ok_or_else(bad_token)?;
    Ok(Start { digest: digest.parse().map_err(|_| bad_token())?, tag: tag.to_owned() })
}
