//! Images.

use serde::Deserialize;
use serde_json::json;

use super::{Answered, ECR};
use crate::client::Client;

/// An image.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Image {
    /// `sha256:…`.
    pub image_digest: String,
    /// Bytes of its layers.
    pub image_size_in_bytes: Option<u64>,
}

/// The image that this tag means now.
pub(crate) async fn by_tag(client: &Client, repository: &str, tag: &str) -> Answered<Option<Image>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Output {
        image_details: Vec<Image>,
    }
    let input = json!({"repositoryName": repository, "imageIds": [{"imageTag": tag}]});
    let answer: Answered<Output> = ECR.ask(client, "DescribeImages", input).await;
    let found = super::there(answer, &["ImageNotFoundException", "RepositoryNotFoundException"])?;
    Ok(found.and_then(|mut output| output.image_details.pop()))
}
