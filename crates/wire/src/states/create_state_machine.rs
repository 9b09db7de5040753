//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::executions::MachineSpec;

use super::{
    settings::{Settings, Tag},
    shape,
};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    definition: String,
    role_arn: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    logging_configuration: Option<super::settings::Logging>,
    tracing_configuration: Option<super::settings::Tracing>,
    encryption_configuration: Option<super::settings::Encryption>,
    #[serde(default)]
    publish: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    state_machine_arn: String,
    creation_date: Timestamp,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    Settings {
        logging: input.logging_configuration,
        tracing: input.tracing_configuration,
        encryption: input.encryption_configuration,
        publish: input.publish,
    }
    .check()?;
    let spec = MachineSpec {
        name: input.name,
        definition: input.definition,
        role: input.role_arn,
        kind: input.kind,
        tags: shape::pairs(input.tags),
    };
    let executions = &context.services.executions;
    let made = executions.create_machine(&context.scope, &context.principal, spec).await?;
    Ok(Output { state_machine_arn: made.machine.arn().to_string(), creation_date: made.machine.created })
}
