//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    event_bus_name: Option<String>,
    #[serde(default)]
    force: bool,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let Context { services, scope, principal, .. } = context;
    let rule = (input.event_bus_name.as_deref(), input.name.as_str());
    Ok(services.bus.delete_rule(scope, principal, rule, input.force).await?)
}
