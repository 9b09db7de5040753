//! Endpoints: models that answer requests. A model says what serves, a configuration how much of it, an endpoint
//! that it is there.
//!
//! An endpoint has generations: an update brings the next one up beside the one that serves, moves the traffic when
//! all of it is healthy, and lets the old one finish its requests before it goes. What fails to come up is taken
//! away and the old one serves on. Variants run under the serving driver; a restart adopts those that are there and
//! brings back those that are not.

mod config;
mod decide;
mod describe;
mod endpoint;
mod error;
mod invoke;
mod model;
mod room;
mod route;
mod stage;
mod told;
mod watch;

pub use config::{ConfigRequest, EndpointConfig, ProductionVariant};
pub use endpoint::{Endpoint, Generation, Status};
pub use error::Error;
pub use invoke::Invoked;
pub use model::{Model, ModelRequest};
pub use room::{Caller, Endpoints, EndpointsConfig, Neighbours};
pub use watch::Watch;
