//! CodeBuild: projects, and the builds that a push, a pull request, a rule or a person starts.
//!
//! A build's source is put into a directory of its own, its buildspec becomes one shell script, and a job on the host
//! runs it. The script marks its phases in a file beside it; when the job has ended, the marks become the build's
//! phases. The curated images `aws/codebuild/*` mean the host's shell here; no other image is taken.
//!
//! A build that a push or a rule starts has an id that follows from the event or delivery and the project, so that a
//! redelivery starts nothing. Start with [`Build`] (what is remembered), then `decide.rs` (what follows), then
//! `prepare.rs` (a build is made ready) and `listen.rs` (pushes and ended jobs are heard of).

mod build;
mod credentials;
mod decide;
mod describe;
mod environment;
mod error;
mod happening;
mod listen;
mod pass;
mod prepare;
mod project;
mod room;
mod source;
mod start;
#[cfg(test)]
pub(crate) mod tests;
mod told;
mod webhook;

pub use build::{Build, Status, Trigger};
pub use credentials::{CredentialRequest, SourceCredential};
pub use environment::of_machine;
pub use error::Error;
pub use listen::{Ends, Pushes};
pub use prepare::Prepare;
pub use project::{
    Artifacts, Cache, CloudWatchLogs, Environment, LogsConfig, Project, ProjectRequest, Source, Switch, Tag,
    Variable,
};
pub use room::{Builds, BuildsConfig};
pub use source::Origin;
pub use start::StartRequest;
pub use webhook::{Filter, Webhook};
