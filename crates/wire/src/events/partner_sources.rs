//! Partner event sources: other companies' events, which AWS lets in. No partner sends any here, and nobody here is
//! one, which is what the operations say.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-saas.html>

use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_services::bus::Error;

use crate::{ApiError, Context};

/// Which source. What else is asked of one that does not exist does not matter.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Named {
    name: String,
}

/// Of one of the account's sources.
pub(super) async fn find(_: &Context, input: Named) -> Result<Value, ApiError> {
    Err(Error::NoSource(input.name).into())
}

/// Of the account's sources.
pub(super) async fn list(_: &Context, _: Value) -> Result<Value, ApiError> {
    Ok(json!({"EventSources": []}))
}

/// What only a partner does.
pub(super) async fn act(_: &Context, _: Value) -> Result<Value, ApiError> {
    Err(Error::NotHere.into())
}

/// Of what a partner has made.
pub(super) async fn list_made(_: &Context, _: Value) -> Result<Value, ApiError> {
    Ok(json!({"PartnerEventSources": []}))
}

/// Of the accounts that have a source of a partner's.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Of {
    event_source_name: String,
}

/// Of who has the source.
pub(super) async fn find_of(_: &Context, input: Of) -> Result<Value, ApiError> {
    Err(Error::NoSource(input.event_source_name).into())
}
