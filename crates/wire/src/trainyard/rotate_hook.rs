//! `RotateHook`: a hook gets another secret, which the answer has, once.

use std::time::Duration;

use serde::Deserialize;

use super::hook::SecretShape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    /// So long the secret before is good too.
    #[serde(default)]
    grace_seconds: u64,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<SecretShape, ApiError> {
    let Context { services, scope, principal, .. } = context;
    let grace = Duration::from_secs(input.grace_seconds);
    let rotated = services.hooks.rotate(scope, principal, &input.name, grace).await?;
    Ok(SecretShape::of(context, rotated))
}
