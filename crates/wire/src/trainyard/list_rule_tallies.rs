//! What came of each rule's events.

use serde::{Deserialize, Serialize};
use trainyard_services::bus::{Tallied, Tally};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    rules: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    name: String,
    event_bus_name: String,
    arn: String,
    enabled: bool,
    matched: u64,
    invoked: u64,
    failed: u64,
    retried: u64,
    throttled: u64,
    dead_letters: u64,
    lost_letters: u64,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let (tallied, next_token) = context.services.bus.tallied(&context.scope, input.next_token).await?;
    Ok(Output { rules: tallied.into_iter().map(Shown::from).collect(), next_token })
}

impl From<Tallied> for Shown {
    fn from(Tallied { rule, tally }: Tallied) -> Self {
        let Tally { matched, invoked, failed, retried, throttled, buried, unburied } = tally;
        Self {
            arn: rule.arn().to_string(),
            name: rule.name,
            event_bus_name: rule.bus,
            enabled: rule.enabled,
            matched,
            invoked,
            failed,
            retried,
            throttled,
            dead_letters: buried,
            lost_letters: unburied,
        }
    }
}
