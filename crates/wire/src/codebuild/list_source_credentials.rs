//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ListSourceCredentials.html>

use serde::{Deserialize, Serialize};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    source_credentials_infos: Vec<Shown>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    arn: String,
    server_type: String,
    auth_type: String,
    /// Ours: the one host that a credential is sent to whose kind means none by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
}

pub(super) async fn run(context: &Context, _: Input) -> Result<Output, ApiError> {
    let credentials = context.services.builds.credentials(&context.scope).await?;
    let shown = credentials.into_iter().map(|credential| Shown {
        arn: credential.arn().to_string(),
        server_type: credential.server,
        auth_type: credential.auth,
        resource: credential.host.map(|host| format!("https://{host}/")),
    });
    Ok(Output { source_credentials_infos: shown.collect() })
}
