//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;

use super::{settings::Settings, shape};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    state_machine_arn: String,
    definition: Option<String>,
    role_arn: Option<String>,
    logging_configuration: Option<super::settings::Logging>,
    tracing_configuration: Option<super::settings::Tracing>,
    encryption_configuration: Option<super::settings::Encryption>,
    #[serde(default)]
    publish: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    update_date: Timestamp,
    revision_id: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    Settings {
        logging: input.logging_configuration,
        tracing: input.tracing_configuration,
        encryption: input.encryption_configuration,
        publish: input.publish,
    }
    .check()?;
    let arn = shape::own(context, &input.state_machine_arn)?;
    let what = (input.definition, input.role_arn);
    let updated = context.services.executions.update_machine(&context.principal, arn, what).await?;
    Ok(Output { update_date: updated.revision.created, revision_id: updated.revision.id })
}
