//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListStateMachineAliases.html>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    state_machine_arn: String,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    state_machine_aliases: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.state_machine_arn)?;
    let limit = shape::page(input.max_results)?;
    let token = shape::token(input.next_token)?;
    let (aliases, next_token) = context.services.executions.list_aliases(arn, limit, token).await?;
    let shown = aliases
        .iter()
        .map(|alias| json!({"stateMachineAliasArn": alias.arn(), "creationDate": alias.created}));
    Ok(Output { state_machine_aliases: shown.collect(), next_token })
}
