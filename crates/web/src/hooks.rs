//! `POST /hooks/<name>`: other systems say what happened.
//!
//! Whoever calls is nobody until the signature of the whole body was found good: what may come in till then is bounded
//! (`bodies.rs`).

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;
use trainyard_domain::Kind;
use trainyard_services::{
    Services,
    hooks::{Error, Incoming},
    refusal::Refusal,
};

use crate::bodies::{Bodies, Refused};

/// What answers calls.
#[derive(Clone)]
pub(crate) struct Desk {
    services: Arc<Services>,
    bodies: Bodies,
}

impl Desk {
    pub(crate) fn new(services: Arc<Services>) -> Self {
        Self { services, bodies: Bodies::new() }
    }
}

/// 200 when what the call says is on disk, or was before, or is nothing that is told.
pub(crate) async fn receive(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match told(&desk, &name, &headers, body).await {
        Ok(answer) => answer,
        Err((status, why)) => (status, Json(json!({"message": why}))).into_response(),
    }
}

async fn told(desk: &Desk, name: &str, headers: &HeaderMap, body: Body) -> Result<Response, Refused> {
    let hooks = &desk.services.hooks;
    let hook = hooks.find(name).await.map_err(refused)?;
    let body = desk.bodies.read(name, body).await?;
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let call = Incoming { headers: headers.iter().filter_map(text).collect(), body };
    let receipt = hooks.receive(&hook, &call).await.map_err(refused)?;
    let mut answer = json!({"events": receipt.events});
    if let Some(remark) = receipt.remark {
        answer["remark"] = remark.into();
    }
    Ok(Json(answer).into_response())
}

fn refused(error: Error) -> Refused {
    let status = match error.kind() {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Forbidden | Kind::Unauthenticated => StatusCode::FORBIDDEN,
        Kind::Exists | Kind::Conflict | Kind::Busy | Kind::Unavailable | Kind::Timeout => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, error.to_string())
}
