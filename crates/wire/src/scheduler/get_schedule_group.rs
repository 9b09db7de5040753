//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetScheduleGroup.html>

use super::shape::{GroupShape, NamedGroup};
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: NamedGroup) -> Result<GroupShape, ApiError> {
    Ok(context.services.schedules.group(&context.scope, &input.name).await?.into())
}
