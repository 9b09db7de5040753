//! Calls of other people's HTTP APIs, and nothing else: no address of this machine or its networks is reached unless
//! the operator has opened it.
//!
//! `address.rs` judges addresses, `place.rs` reads URLs, `dial.rs` resolves a name once and connects to an address
//! that was judged, `exchange.rs` speaks HTTP. Redirections are not followed: neither EventBridge nor Step Functions
//! does, and whoever follows must judge again.

mod address;
mod dial;
mod exchange;
mod place;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use trainyard_domain::{
    outcall::{Answer, Outcall},
    ports::{Outside, OutsideError},
};

pub use address::{Network, NotANetwork, private_networks};

/// Calls over HTTP and HTTPS.
pub struct Http {
    dial: dial::Dial,
}

impl Http {
    /// With these networks opened, beside all that is public. Plain HTTP is spoken to them only: elsewhere it would
    /// carry credentials for everyone to read.
    pub fn new(opened: Vec<Network>) -> Self {
        Self { dial: dial::Dial::new(opened) }
    }

    async fn made(&self, call: &Outcall) -> Result<Answer, OutsideError> {
        let place = place::Place::read(&call.url)?;
        let request = exchange::request(call, &place)?;
        let stream = self.dial.connect(&place).await?;
        exchange::exchange(stream, request, call.largest).await
    }
}

#[async_trait]
impl Outside for Http {
    async fn call(&self, call: &Outcall) -> Result<Answer, OutsideError> {
        let late = |_| OutsideError::TimedOut(call.limit.max(Duration::from_secs(1)).as_secs());
        tokio::time::timeout(call.limit, self.made(call)).await.map_err(late)?
    }
}
