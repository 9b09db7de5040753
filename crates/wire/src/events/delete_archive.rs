//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteArchive.html>

use super::archive::Named;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Named) -> Result<(), ApiError> {
    let bus = &context.services.bus;
    Ok(bus.delete_archive(&context.scope, &context.principal, &input.archive_name).await?)
}
