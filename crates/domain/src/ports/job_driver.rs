//! Who runs jobs.

use std::time::Duration;

use async_trait::async_trait;

use super::DriverError;
use crate::job::{JobId, JobSpec, JobStatus, LogPage};

/// Runs jobs to their end, each at most once.
#[async_trait]
pub trait JobDriver: Send + Sync {
    /// The driver's name, for people.
    fn name(&self) -> &'static str;

    /// Sees to it that the job runs or has run. The second call for an id changes nothing, also after a crash and
    /// also when the job has ended. A spec that can never run here is remembered as [`JobStatus::Refused`].
    async fn ensure(&self, spec: &JobSpec) -> Result<(), DriverError>;

    /// What is to be seen of the job now.
    async fn observe(&self, id: &JobId) -> Result<JobStatus, DriverError>;

    /// What the job has printed since `from` (0 is the start); at most some thousand lines a call. Lines are
    /// whole; the last one may lack its line end only when the job has ended.
    async fn logs(&self, id: &JobId, from: u64) -> Result<LogPage, DriverError>;

    /// Asks the job to end (SIGTERM) and ends it by force after `grace`. Returns at once; safe to repeat, and
    /// nothing happens to a job that has ended. A job that had not started yet never will.
    async fn stop(&self, id: &JobId, grace: Duration) -> Result<(), DriverError>;

    /// Forgets a job that has ended and frees all that it held; nothing happens if it is not known. A job that
    /// still runs is `Conflict`.
    async fn forget(&self, id: &JobId) -> Result<(), DriverError>;
}
