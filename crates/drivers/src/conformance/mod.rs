//! What every driver of a port must do, as code: one suite per port.
//!
//! A suite takes the driver as `dyn` and panics where it breaks the port's contract. It assumes a driver that
//! nobody else uses meanwhile.

mod blobs;
mod jobs;
mod serving;

pub use blobs::blobs;
pub use jobs::{JobGround, jobs};
pub use serving::{ServingGround, serving};
