//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachineAlias.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;

use super::shape::{self, Routed};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    state_machine_alias_arn: String,
    description: Option<String>,
    routing_configuration: Option<Vec<Routed>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    update_date: Timestamp,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.state_machine_alias_arn)?;
    let routes = input.routing_configuration.map(|routes| shape::routes(context, routes)).transpose()?;
    let (by, description) = (&context.principal, input.description);
    let alias = context.services.executions.update_alias(by, arn, description, routes.as_deref()).await?;
    Ok(Output { update_date: alias.updated })
}
