//! `DeleteHook`: calls of a hook are refused from now on.

use serde::{Deserialize, Serialize};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
}

#[derive(Serialize)]
pub(super) struct Output {}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let Context { services, scope, principal, .. } = context;
    services.hooks.delete(scope, principal, &input.name).await?;
    Ok(Output {})
}
