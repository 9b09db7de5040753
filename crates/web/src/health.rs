//! `GET /health`: whether the server can do its work.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};
use trainyard_services::Services;

/// 200 when the store answers, else 503. How much of it is known to be damaged is counted, and named in the log only.
pub(crate) async fn show(State(services): State<Arc<Services>>) -> (StatusCode, Json<Value>) {
    // Any question will do: an answer shows that the store can be read.
    let answers = services.ground.store.history("health", 1, 1).await.is_ok();
    let status = if answers { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = if answers { "ok" } else { "the store does not answer" };
    let damaged = services.ground.store.stats().damaged;
    (status, Json(json!({"status": word, "version": env!("CARGO_PKG_VERSION"), "damaged": damaged})))
}
