//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ImportSourceCredentials.html>

use serde::Serialize;
use trainyard_services::builds::CredentialRequest;

use crate::{ApiError, Context};

#[derive(Serialize)]
pub(super) struct Output {
    arn: String,
}

pub(super) async fn run(context: &Context, input: CredentialRequest) -> Result<Output, ApiError> {
    let Context { services, scope, principal, .. } = context;
    let credential = services.builds.import_credential(scope, principal, input).await?;
    Ok(Output { arn: credential.arn().to_string() })
}
