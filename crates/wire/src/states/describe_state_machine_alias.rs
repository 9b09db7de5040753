//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachineAlias.html>

use serde::Deserialize;
use serde_json::{Value, json};

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    state_machine_alias_arn: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let arn = shape::own(context, &input.state_machine_alias_arn)?;
    let alias = context.services.executions.describe_alias(arn).await?;
    let routes = alias
        .routes
        .iter()
        .map(|route| json!({"stateMachineVersionArn": alias.version_arn(route), "weight": route.weight}));
    let mut shown = json!({
        "stateMachineAliasArn": alias.arn(),
        "name": alias.name,
        "routingConfiguration": routes.collect::<Vec<_>>(),
        "creationDate": alias.created,
        "updateDate": alias.updated,
    });
    if let Some(description) = &alias.description {
        shown["description"] = json!(description);
    }
    Ok(shown)
}
