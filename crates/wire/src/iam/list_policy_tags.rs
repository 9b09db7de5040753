//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyTags.html>

use super::{paging::OfPolicy, tags::Output};
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: OfPolicy) -> Result<Output, ApiError> {
    let policy = context.services.identity.policy(&context.scope.account, &input.policy_arn).await?;
    Output::page(policy.tags, |keys| input.page(keys))
}
