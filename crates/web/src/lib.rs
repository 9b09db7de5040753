//! Health and metrics, and later pages and web hooks.
//!
//! What is served here has no signature: it must show nothing that is anyone's.

mod health;
mod metrics;

use std::sync::Arc;

use axum::{Router, routing::get};
use trainyard_services::Services;

/// `/health` and `/metrics`.
pub fn routes(services: Arc<Services>) -> Router {
    Router::new()
        .route("/health", get(health::show))
        .route("/metrics", get(metrics::show))
        .with_state(services)
}
