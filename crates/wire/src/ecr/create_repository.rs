//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html>
//!
//! Images are not scanned and not encrypted with keys of the caller's: who asks for either is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_services::images::NewRepository;

use super::shapes::{Encryption, RepositoryShape, Scanning, invalid, own_registry};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    image_tag_mutability: Mutability,
    image_scanning_configuration: Option<Scanning>,
    encryption_configuration: Option<Encryption>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Tag {
    key: String,
    value: String,
}

#[derive(Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Mutability {
    #[default]
    Mutable,
    Immutable,
}

#[derive(Serialize)]
pub(super) struct Output {
    repository: RepositoryShape,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    own_registry(context, input.registry_id.as_deref())?;
    if input.image_scanning_configuration.is_some_and(|scanning| scanning.scan_on_push) {
        return Err(invalid("imageScanningConfiguration.scanOnPush: images are not scanned here"));
    }
    if let Some(other) = input.encryption_configuration.filter(|e| e.encryption_type != "AES256") {
        let kind = other.encryption_type;
        return Err(invalid(format!("encryptionConfiguration.encryptionType: {kind} is not supported here")));
    }
    let new = NewRepository {
        name: input.repository_name,
        immutable_tags: input.image_tag_mutability == Mutability::Immutable,
        labels: input.tags.into_iter().map(|tag| (tag.key, tag.value)).collect::<BTreeMap<_, _>>(),
    };
    let repository =
        context.services.images.create_repository(&context.scope, new, &context.principal).await?;
    Ok(Output { repository: repository.into() })
}
