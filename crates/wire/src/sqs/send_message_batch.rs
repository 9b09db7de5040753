//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>

use serde::Deserialize;
use trainyard_services::queues::check_batch;

use super::shape::{BatchOutput, Message, SentShape, caller, queue};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    queue_url: Option<String>,
    #[serde(default)]
    entries: Vec<Message>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<BatchOutput<SentShape>, ApiError> {
    let name = queue(context, input.queue_url.as_deref())?;
    let entries = input.entries;
    let ids: Vec<String> = entries.iter().map(|entry| entry.id.clone().unwrap_or_default()).collect();
    check_batch(ids.iter().map(String::as_str), "SendMessageBatchRequestEntry")?;
    let sendings = ids.iter().zip(entries).map(|(id, entry)| entry.sending(context, id)).collect();
    let sent = context.services.queues.send_batch(&caller(context), &name, sendings).await?;
    Ok(BatchOutput::of(ids, sent, |id, sent| SentShape::of(Some(id), sent)))
}
