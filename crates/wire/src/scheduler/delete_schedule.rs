//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteSchedule.html>

use super::shape::Named;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Named) -> Result<(), ApiError> {
    let (scope, by) = (&context.scope, &context.principal);
    Ok(context.services.schedules.delete(scope, by, input.group(), &input.name).await?)
}
