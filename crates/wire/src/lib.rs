//! AWS protocols, S3, OCI distribution and git over HTTP.
//!
//! An operation of an AWS API is one file, `<service>/<operation>.rs`, and one line in the table of its folder's
//! `mod.rs`; a service is one line in [`services_table`]. The same tables answer requests over HTTP and a state
//! machine's `aws-sdk:` tasks.

pub mod aws_sdk;
pub mod codebuild;
mod departures;
pub mod ecr;
pub mod error;
pub mod events;
pub mod face;
pub mod git;
pub mod handover;
pub mod iam;
pub mod input;
pub mod logs;
pub mod oci;
pub mod operation;
mod protocol;
pub mod s3;
pub mod sagemaker;
pub mod sagemaker_runtime;
pub mod scheduler;
pub mod services_table;
pub mod sigv4;
pub mod sqs;
pub mod states;
pub mod sts;
pub mod times;
pub mod trainyard;

pub use error::ApiError;
pub use operation::{Context, Operation, Protocol, Service};
pub use protocol::{FlatMap, Older};
