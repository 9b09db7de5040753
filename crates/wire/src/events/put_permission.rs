//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html>

use serde::Deserialize;
use trainyard_services::bus::{Permission, Statement};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    event_bus_name: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    statement_id: Option<String>,
    condition: Option<Condition>,
    policy: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Condition {
    r#type: String,
    key: String,
    value: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let bus = input.event_bus_name;
    let statement = Statement {
        id: input.statement_id,
        action: input.action,
        principal: input.principal,
        condition: input.condition.map(|Condition { r#type, key, value }| [r#type, key, value]),
    };
    let permission = match input.policy {
        None => Permission::Statement(statement),
        Some(policy) if statement == Statement::default() => Permission::Policy(policy),
        Some(_) => {
            let words = "Policy cannot be given together with StatementId, Action, Principal or Condition.";
            return Err(ApiError::invalid("ValidationException", words));
        }
    };
    Ok(context.services.bus.permit(&context.scope, &context.principal, bus.as_deref(), permission).await?)
}
