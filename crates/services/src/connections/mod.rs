//! Connections: how somebody else's HTTP API is spoken to in a user's name; and API destinations, which are such APIs.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection.html>
//!
//! A connection is two documents: what everyone may see, and its secrets, which are read only to make a call. Tokens
//! of OAuth are in memory alone. Secrets go into requests and nowhere else: not into a log, an answer, an event, a
//! history or a reason.
//!
//! Start with [`Connection`] and `parameters.rs` (what is kept), then `draft.rs` (what a request becomes, pure) and
//! `send.rs` (it is made). `watch.rs` gets the first token of a connection that speaks OAuth.

mod authority;
mod connection;
mod constraint;
mod destination;
mod destinations;
mod draft;
mod error;
mod form;
mod parameters;
mod room;
mod send;
#[cfg(test)]
mod tests;
mod tokens;
mod watch;

use std::sync::Arc;

use trainyard_domain::ports::Outside;

pub use connection::{Connection, ConnectionRequest, State};
pub use destination::{ApiDestination, DestinationRequest};
pub use draft::{Draft, Encoding};
pub use error::Error;
pub use form::Arrays;
pub use send::SendError;
pub use watch::Authorisation;

use crate::ground::Ground;

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Connections {
    ground: Ground,
    outside: Arc<dyn Outside>,
    tokens: Arc<tokens::Tokens>,
}

impl Connections {
    /// On this ground; calls are made by `outside`.
    pub fn new(ground: Ground, outside: Arc<dyn Outside>) -> Self {
        Self { ground, outside, tokens: Arc::default() }
    }
}
