//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
//!
//! Trust policies are not evaluated yet: everyone in the role's account may assume it, nobody else. The session goes
//! on with the caller's lineage.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Timestamp};
use trainyard_services::identity::SessionRequest;

use super::get_caller_identity::user_id;
use crate::{ApiError, Context, input};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    role_arn: Arn,
    role_session_name: String,
    #[serde(default, deserialize_with = "input::number")]
    duration_seconds: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    credentials: Credentials,
    assumed_role_user: AssumedRoleUser,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedRoleUser {
    assumed_role_id: String,
    arn: Arn,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let seconds = input.duration_seconds.unwrap_or(3600);
    if !(900..=43200).contains(&seconds) {
        return Err(ApiError::invalid(
            "ValidationError",
            format!("DurationSeconds {seconds} is not from 900 to 43200"),
        ));
    }
    let request = SessionRequest {
        scope: context.scope.clone(),
        role: input.role_arn,
        name: input.role_session_name,
        lineage: context.principal.lineage.clone(),
        lifetime: Duration::from_secs(seconds),
    };
    let identity = &context.services.identity;
    let (session, bearer) = (identity.session(&request)?, identity.bearer(&request)?);
    Ok(Output {
        assumed_role_user: AssumedRoleUser { assumed_role_id: user_id(&bearer), arn: bearer.arn },
        credentials: Credentials {
            access_key_id: session.access_key_id,
            secret_access_key: session.secret_access_key,
            session_token: session.session_token,
            expiration: session.expires,
        },
    })
}
