//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::executions::{Encryption, Logging, MachineSpec, MachineType};

use super::shape::{self, Tag, Tracing};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    definition: String,
    role_arn: String,
    #[serde(default, rename = "type")]
    kind: MachineType,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    logging_configuration: Logging,
    #[serde(default)]
    tracing_configuration: Tracing,
    #[serde(default)]
    encryption_configuration: Encryption,
    #[serde(default)]
    publish: bool,
    version_description: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    state_machine_arn: String,
    creation_date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_version_arn: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    shape::check_definition(Some(&input.definition))?;
    let spec = MachineSpec {
        name: input.name,
        definition: input.definition,
        role: input.role_arn,
        kind: input.kind,
        tags: shape::pairs(input.tags),
        logging: input.logging_configuration,
        tracing: input.tracing_configuration.enabled,
        encryption: input.encryption_configuration,
        publish: input.publish,
        version_description: input.version_description,
    };
    let executions = &context.services.executions;
    let made = executions.create_machine(&context.scope, &context.principal, spec).await?;
    Ok(Output {
        state_machine_arn: made.machine.arn().to_string(),
        creation_date: made.machine.created,
        state_machine_version_arn: made.version.map(|version| version.arn().to_string()),
    })
}
