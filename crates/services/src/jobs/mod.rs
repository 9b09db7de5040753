//! Jobs: training, processing, and the runs of builds. Each is planned, given its data, run once by the job driver,
//! and its results are kept; the room tells every move and calls nobody.
//!
//! A job is created at most once per task token, and started at most once whatever crashes: the driver knows it by
//! its id. Start with [`Job`] (what is remembered), then `decide.rs` (what follows from what is seen), then
//! `watch.rs` (the loop).

mod collect;
mod container;
mod debugger;
mod decide;
mod describe;
mod error;
mod inside;
mod instances;
mod job;
mod metrics;
mod plan;
mod processing;
mod request;
mod room;
mod stage;
#[cfg(test)]
mod tests;
mod told;
mod training;
mod watch;

pub use container::access;
pub use error::Error;
pub use instances::resources;
pub use job::{End, InputDigest, Job, Kind, Phase, Stop};
pub use plan::{Entry, Input, Output, OutputForm, Plan};
pub use processing::ProcessingRequest;
pub use request::{S3Uri, Tag, check_name};
pub use room::{Asked, Filter, Jobs, JobsConfig, Neighbours};
pub use told::{JOB_STATE_CHANGE, SOURCE};
pub use training::TrainingRequest;
pub use watch::Watch;
