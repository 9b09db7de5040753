//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_PublishStateMachineVersion.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    state_machine_arn: String,
    revision_id: Option<String>,
    description: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    creation_date: Timestamp,
    state_machine_version_arn: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.state_machine_arn)?;
    let (revision, description) = (input.revision_id.as_deref(), input.description);
    let executions = &context.services.executions;
    let version = executions.publish_version(&context.principal, arn, revision, description).await?;
    Ok(Output { creation_date: version.created, state_machine_version_arn: version.arn().to_string() })
}
