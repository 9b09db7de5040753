//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html>

use super::shape::{OfQueue, caller};
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: OfQueue) -> Result<(), ApiError> {
    Ok(context.services.queues.purge(&caller(context), &input.name(context)?).await?)
}
