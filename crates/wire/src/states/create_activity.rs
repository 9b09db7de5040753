//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateActivity.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::executions::Encryption;

use super::shape::{self, Tag};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    encryption_configuration: Encryption,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    activity_arn: String,
    creation_date: Timestamp,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let executions = &context.services.executions;
    let rest = (input.encryption_configuration, shape::pairs(input.tags));
    let made = executions.create_activity(&context.scope, &context.principal, input.name, rest).await?;
    Ok(Output { activity_arn: made.arn().to_string(), creation_date: made.created })
}
