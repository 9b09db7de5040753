//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListApiDestinations.html>

use serde::Deserialize;
use serde_json::Value;

use super::shape::{listed, page};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name_prefix: Option<String>,
    connection_arn: Option<String>,
    limit: Option<usize>,
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let (prefix, limit) = (input.name_prefix.unwrap_or_default(), page(input.limit)?);
    let asked = (prefix.as_str(), input.connection_arn.as_deref());
    let connections = &context.services.connections;
    let (found, next) = connections.list_destinations(&context.scope, asked, limit, input.next_token).await?;
    let mut shown = Vec::with_capacity(found.len());
    for destination in found {
        shown.push(destination.listed(connections.is_active(&destination).await?));
    }
    Ok(listed("ApiDestinations", shown, next))
}
