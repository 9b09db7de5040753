//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_UntagResource.html>

use serde::Deserialize;

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let arn = shape::own(context, &input.resource_arn)?;
    let executions = &context.services.executions;
    if input.tag_keys.is_empty() {
        return Ok(());
    }
    Ok(executions.tag(&context.principal, arn, Vec::new(), &input.tag_keys).await?)
}
