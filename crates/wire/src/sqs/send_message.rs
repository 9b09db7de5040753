//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

use super::shape::{Message, SentShape, caller, queue};
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Message) -> Result<SentShape, ApiError> {
    if input.id.is_some() {
        let message = "the input is not known or not supported here: unknown field `Id`";
        return Err(ApiError::invalid(context.service.invalid, message));
    }
    let name = queue(context, input.queue_url.as_deref())?;
    let sent = context.services.queues.send(&caller(context), &name, input.sending(context, "")).await?;
    Ok(SentShape::of(None, sent))
}
