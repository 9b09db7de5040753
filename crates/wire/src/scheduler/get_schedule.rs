//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html>

use super::shape::{Named, Whole};
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Named) -> Result<Whole, ApiError> {
    let schedule = context.services.schedules.get(&context.scope, input.group(), &input.name).await?;
    Ok(schedule.into())
}
