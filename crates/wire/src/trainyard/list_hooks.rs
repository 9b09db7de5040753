//! `ListHooks`: the hooks of the account and region. Their secrets are not shown.

use serde::{Deserialize, Serialize};

use super::hook::HookShape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    hooks: Vec<HookShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let (page, next_token) = context.services.hooks.list(&context.scope, input.next_token).await?;
    Ok(Output { hooks: page.into_iter().map(|hook| HookShape::of(context, hook)).collect(), next_token })
}
