//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::executions::{Encryption, Logging, MachineUpdate};

use super::shape::{self, Tracing};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    state_machine_arn: String,
    definition: Option<String>,
    role_arn: Option<String>,
    logging_configuration: Option<Logging>,
    tracing_configuration: Option<Tracing>,
    encryption_configuration: Option<Encryption>,
    #[serde(default)]
    publish: bool,
    version_description: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    update_date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_version_arn: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.state_machine_arn)?;
    shape::check_definition(input.definition.as_deref())?;
    let update = MachineUpdate {
        definition: input.definition,
        role: input.role_arn,
        logging: input.logging_configuration,
        tracing: input.tracing_configuration.map(|tracing| tracing.enabled),
        encryption: input.encryption_configuration,
        publish: input.publish,
        version_description: input.version_description,
    };
    let updated = context.services.executions.update_machine(&context.principal, arn, update).await?;
    Ok(Output {
        update_date: context.services.ground.now(),
        revision_id: updated.machine.updated.then_some(updated.revision.id),
        state_machine_version_arn: updated.version.map(|version| version.arn().to_string()),
    })
}
