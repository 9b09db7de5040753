//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html>
//!
//! `proxyEndpoint` is the address that the caller reaches us by: that is where docker and others can log in.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;

use super::shapes::own_registry;
use crate::{ApiError, Context, oci};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    #[serde(default)]
    registry_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    authorization_data: Vec<AuthorizationData>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizationData {
    authorization_token: String,
    expires_at: Timestamp,
    proxy_endpoint: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    for id in &input.registry_ids {
        own_registry(context, Some(id))?;
    }
    let (password, expires_at) =
        oci::password(&context.services.identity, &context.principal, &context.scope.region)?;
    let authorization_token = BASE64_STANDARD.encode(format!("{}:{password}", oci::TOKEN_USER));
    let proxy_endpoint = context.base_url.clone();
    Ok(Output {
        authorization_data: vec![AuthorizationData { authorization_token, expires_at, proxy_endpoint }],
    })
}
