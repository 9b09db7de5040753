//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeArchive.html>

use serde_json::Value;

use super::archive::{self, Named};
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Named) -> Result<Value, ApiError> {
    let (found, tally) = context.services.bus.describe_archive(&context.scope, &input.archive_name).await?;
    Ok(archive::described(&found, tally))
}
