//! `CreateHook`: other systems can say what happened from now on. The answer has the secret, once.

use serde::Deserialize;

use super::hook::SecretShape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    /// `github`, `registry` or `signed`.
    kind: String,
    /// The bus that its events are told on; the default one, if none is named.
    event_bus_name: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<SecretShape, ApiError> {
    let Context { services, scope, principal, .. } = context;
    let asked = (input.name.as_str(), input.kind.as_str());
    let made = services.hooks.create(scope, principal, asked, input.event_bus_name.as_deref()).await?;
    Ok(SecretShape::of(context, made))
}
