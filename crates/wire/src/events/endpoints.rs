//! Global endpoints: a bus in two regions of AWS's, with Route 53 between them. There are none here, which is what the
//! operations say.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-global-endpoints.html>

use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_services::bus::Error;

use crate::{ApiError, Context};

/// Which endpoint. What else is asked of one that does not exist does not matter.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Named {
    name: String,
}

pub(super) async fn create(_: &Context, _: Named) -> Result<Value, ApiError> {
    Err(Error::NotHere.into())
}

pub(super) async fn find(_: &Context, input: Named) -> Result<Value, ApiError> {
    Err(Error::NoEndpoint(input.name).into())
}

pub(super) async fn list(_: &Context, _: Value) -> Result<Value, ApiError> {
    Ok(json!({"Endpoints": []}))
}
