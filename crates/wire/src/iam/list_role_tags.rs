//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoleTags.html>

use super::{paging::OfRole, tags::Output};
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: OfRole) -> Result<Output, ApiError> {
    let role = context.services.identity.role(&context.scope.account, &input.role_name).await?;
    Output::page(role.tags, |keys| input.page(keys))
}
