//! Who serves models.

use async_trait::async_trait;

use super::DriverError;
use crate::{
    job::LogPage,
    serving::{Health, Invocation, Reply, VariantId, VariantSpec},
};

/// Keeps variants running.
#[async_trait]
pub trait ServingDriver: Send + Sync {
    /// The driver's name, for people.
    fn name(&self) -> &'static str;

    /// Sees to it that the variant is there. The second call for an id changes nothing while it is there, also
    /// after a crash of ours; one that has failed is started again.
    async fn ensure(&self, spec: &VariantSpec) -> Result<(), DriverError>;

    /// What is to be seen of the variant now.
    async fn observe(&self, id: &VariantId) -> Result<Health, DriverError>;

    /// Hands one request to the variant and brings its answer, whatever its status. `Unavailable` if the variant
    /// cannot be reached, `Timeout` if it takes longer than a request may (60 seconds). How a variant is reached is
    /// the driver's own business.
    async fn invoke(&self, id: &VariantId, invocation: Invocation) -> Result<Reply, DriverError>;

    /// What the variant has printed since `from`.
    async fn logs(&self, id: &VariantId, from: u64) -> Result<LogPage, DriverError>;

    /// Ends the variant (SIGTERM, then force) and frees what it held. Nothing happens if it is not there.
    async fn remove(&self, id: &VariantId) -> Result<(), DriverError>;

    /// All variants that are there, known or not, so that those nobody wants any more can be removed.
    async fn list(&self) -> Result<Vec<VariantId>, DriverError>;
}
