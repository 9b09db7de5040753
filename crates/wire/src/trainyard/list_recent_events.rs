//! `ListRecentEvents`: the last events of a bus, the latest first.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::Timestamp;
use trainyard_services::bus::Recent;

use crate::{ApiError, Context};

/// An event may be large.
const LONGEST_PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    /// The default one, if none is named.
    event_bus_name: Option<String>,
    /// Those only that were told then or later.
    since_time: Option<Timestamp>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    events: Vec<Told>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Told {
    told_time: Timestamp,
    /// The whole event, as targets get it.
    event: Value,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let limit = input.max_results.unwrap_or(LONGEST_PAGE).clamp(1, LONGEST_PAGE);
    let (bus, asked) = (input.event_bus_name.as_deref(), (input.since_time, limit));
    let page = context.services.bus.recent(&context.scope, bus, asked, input.next_token).await?;
    let told = |recent: &Recent| Told { told_time: recent.at, event: recent.event.envelope() };
    Ok(Output { events: page.0.iter().map(told).collect(), next_token: page.1 })
}
