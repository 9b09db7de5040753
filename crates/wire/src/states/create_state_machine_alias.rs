//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachineAlias.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;

use super::shape::{self, Routed};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    description: Option<String>,
    routing_configuration: Vec<Routed>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    creation_date: Timestamp,
    state_machine_alias_arn: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let routes = shape::routes(context, input.routing_configuration)?;
    let executions = &context.services.executions;
    let alias = executions.create_alias(&context.principal, input.name, input.description, &routes).await?;
    Ok(Output { creation_date: alias.created, state_machine_alias_arn: alias.arn().to_string() })
}
