//! Health, metrics and web hooks, and later pages.
//!
//! What is served here has no signature of ours: it must show nothing that is anyone's.

mod bodies;
mod health;
mod hooks;
mod metrics;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use trainyard_services::Services;

/// `/health`, `/metrics` and `/hooks`.
pub fn routes(services: Arc<Services>) -> Router {
    let hooks = Router::new()
        .route("/hooks/{name}", post(hooks::receive))
        .with_state(hooks::Desk::new(Arc::clone(&services)));
    Router::new()
        .route("/health", get(health::show))
        .route("/metrics", get(metrics::show))
        .with_state(services)
        .merge(hooks)
}
