//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Scope;
use trainyard_services::queues::{Error, QueueName};

use super::shape::caller;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    queue_name: String,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    owner: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    queue_url: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let account = match input.owner {
        None => context.scope.account.clone(),
        Some(owner) => owner.parse().map_err(|_| Error::NoQueue)?,
    };
    let scope = Scope { account, region: context.scope.region.clone() };
    let name = QueueName { scope, name: input.queue_name };
    let queue = context.services.queues.describe(&caller(context), &name, "sqs:GetQueueUrl").await?;
    Ok(Output { queue_url: queue.name.url(&context.base_url) })
}
