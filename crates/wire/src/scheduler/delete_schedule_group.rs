//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteScheduleGroup.html>

use super::shape::NamedGroup;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: NamedGroup) -> Result<(), ApiError> {
    let (scope, by) = (&context.scope, &context.principal);
    Ok(context.services.schedules.delete_group(scope, by, &input.name).await?)
}
