//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemovePermission.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    event_bus_name: Option<String>,
    statement_id: Option<String>,
    #[serde(default)]
    remove_all_permissions: bool,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    if !input.remove_all_permissions && input.statement_id.is_none() {
        let words = "Parameter StatementId or RemoveAllPermissions must be specified.";
        return Err(ApiError::invalid("ValidationException", words));
    }
    let statement = input.statement_id.filter(|_| !input.remove_all_permissions);
    let (bus, statement) = (input.event_bus_name.as_deref(), statement.as_deref());
    Ok(context.services.bus.forbid(&context.scope, &context.principal, bus, statement).await?)
}
