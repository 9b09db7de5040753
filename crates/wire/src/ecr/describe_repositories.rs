//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html>

use serde::{Deserialize, Serialize};

use super::shapes::{RepositoryShape, invalid, own_registry, page_size};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    registry_id: Option<String>,
    repository_names: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    repositories: Vec<RepositoryShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    own_registry(context, input.registry_id.as_deref())?;
    let images = &context.services.images;
    let Some(names) = input.repository_names else {
        let limit = page_size(input.max_results)?;
        let page = images.repositories(&context.scope, limit, input.next_token).await?;
        let repositories = page.items.into_iter().map(|held| held.value.into()).collect();
        return Ok(Output { repositories, next_token: page.next });
    };
    if input.max_results.is_some() || input.next_token.is_some() {
        return Err(invalid("maxResults and nextToken cannot be used with repositoryNames"));
    }
    let mut repositories = Vec::new();
    for name in names {
        repositories.push(images.repository(&context.scope, &name).await?.into());
    }
    Ok(Output { repositories, next_token: None })
}
