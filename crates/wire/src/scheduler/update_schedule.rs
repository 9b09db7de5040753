//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html>

use trainyard_services::schedules::ScheduleSpec;

use super::shape::Made;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: ScheduleSpec) -> Result<Made, ApiError> {
    let made = context.services.schedules.update(&context.scope, &context.principal, input).await?;
    Ok(Made { schedule_arn: made.to_string() })
}
