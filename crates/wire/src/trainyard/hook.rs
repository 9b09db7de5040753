//! Hooks in answers.

use serde::Serialize;
use trainyard_domain::Timestamp;
use trainyard_services::hooks::WebHook;

use crate::Context;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HookShape {
    name: String,
    arn: String,
    kind: String,
    event_bus_name: String,
    /// Where calls of it go, on this server; from elsewhere its host may have another name.
    url: String,
    creation_time: Timestamp,
    /// When its secret was made.
    last_rotated_time: Timestamp,
}

/// A hook whose secret was made just now.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SecretShape {
    hook: HookShape,
    /// Nobody says it again.
    secret: String,
    advice: &'static str,
}

impl HookShape {
    pub(super) fn of(context: &Context, hook: WebHook) -> Self {
        Self {
            url: format!("{}/hooks/{}", context.base_url, hook.name),
            arn: hook.arn().to_string(),
            name: hook.name,
            kind: hook.kind,
            event_bus_name: hook.bus,
            creation_time: hook.created,
            last_rotated_time: hook.rotated,
        }
    }
}

impl SecretShape {
    pub(super) fn of(context: &Context, (hook, secret): (WebHook, String)) -> Self {
        let advice = context.services.hooks.advice(&hook);
        Self { hook: HookShape::of(context, hook), secret, advice }
    }
}
