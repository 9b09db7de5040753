//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeActivity.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::executions::Encryption;

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    activity_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    activity_arn: String,
    name: String,
    creation_date: Timestamp,
    encryption_configuration: Encryption,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.activity_arn)?;
    let activity = context.services.executions.activity(arn).await?;
    Ok(Output {
        activity_arn: activity.arn().to_string(),
        name: activity.name,
        creation_date: activity.created,
        encryption_configuration: activity.encryption,
    })
}
