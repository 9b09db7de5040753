//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html>

use serde::Deserialize;
use trainyard_services::queues::{Word, check_batch};

use super::shape::{BatchOutput, DoneEntry, caller, queue};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    queue_url: Option<String>,
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Entry {
    id: String,
    receipt_handle: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<BatchOutput<DoneEntry>, ApiError> {
    let name = queue(context, input.queue_url.as_deref())?;
    let entries = input.entries;
    check_batch(entries.iter().map(|entry| entry.id.as_str()), "DeleteMessageBatchRequestEntry")?;
    let (ids, words): (Vec<_>, Vec<_>) =
        entries.into_iter().map(|entry| (entry.id, (entry.receipt_handle, Word::Done))).unzip();
    let told = context.services.queues.settle(&caller(context), &name, &words).await?;
    Ok(BatchOutput::of(ids, told, DoneEntry::of))
}
