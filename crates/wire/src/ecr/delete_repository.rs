//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepository.html>

use serde::{Deserialize, Serialize};

use super::shapes::{RepositoryShape, own_registry};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    #[serde(default)]
    force: bool,
}

#[derive(Serialize)]
pub(super) struct Output {
    repository: RepositoryShape,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    own_registry(context, input.registry_id.as_deref())?;
    let images = &context.services.images;
    let repository = images
        .delete_repository(&context.scope, &input.repository_name, input.force, &context.principal)
        .await?;
    Ok(Output { repository: repository.into() })
}
