//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListEventBuses.html>

use serde::{Deserialize, Serialize};

use super::shape::{BusShape, page};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name_prefix: Option<String>,
    limit: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    event_buses: Vec<BusShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let (prefix, limit) = (input.name_prefix.unwrap_or_default(), page(input.limit)?);
    let bus = &context.services.bus;
    let (buses, next_token) = bus.list_buses(&context.scope, &prefix, limit, input.next_token).await?;
    Ok(Output {
        event_buses: buses.into_iter().map(|bus| BusShape::from(bus).listed()).collect(),
        next_token,
    })
}
