//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html>

use serde::Deserialize;
use trainyard_services::queues::Grant;

use super::shape::{caller, queue};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    queue_url: Option<String>,
    label: String,
    #[serde(rename = "AWSAccountIds", default)]
    accounts: Vec<String>,
    #[serde(default)]
    actions: Vec<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let name = queue(context, input.queue_url.as_deref())?;
    let grant = Grant { label: input.label, accounts: input.accounts, actions: input.actions };
    Ok(context.services.queues.permit(&caller(context), &name, &grant).await?)
}
