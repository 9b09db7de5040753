//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html>

use serde::Deserialize;
use trainyard_services::queues::{Error, Word, check_batch};

use super::shape::{BatchOutput, DoneEntry, caller, queue};
use crate::{ApiError, Context, input};

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
    #[serde(default, deserialize_with = "input::number")]
    visibility_timeout: Option<u32>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<BatchOutput<DoneEntry>, ApiError> {
    let name = queue(context, input.queue_url.as_deref())?;
    let entries = input.entries;
    check_batch(entries.iter().map(|entry| entry.id.as_str()), "ChangeMessageVisibilityBatchRequestEntry")?;
    let (mut ids, mut words) = (Vec::new(), Vec::new());
    for Entry { id, receipt_handle, visibility_timeout } in entries {
        let seconds = visibility_timeout.ok_or(Error::Missing("VisibilityTimeout"))?;
        ids.push(id);
        words.push((receipt_handle, Word::VisibleIn(seconds)));
    }
    let told = context.services.queues.settle(&caller(context), &name, &words).await?;
    Ok(BatchOutput::of(ids, told, DoneEntry::of))
}
