//! A job as the driver needs it: program, variables, directories.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use trainyard_domain::{
    image::Image,
    job::{JobSpec, Mount, Root},
    principal::Lineage,
};

use super::{
    Error,
    job::{Job, Kind},
    plan::Entry,
    room::Jobs,
};
use crate::identity::{Session, SessionRequest};

/// Credentials outlive the job's own time limit by this, for its last uploads.
const MARGIN: Duration = Duration::from_secs(600);

impl Jobs {
    /// What the driver is given. The variables hold fresh credentials of the job's role.
    pub(super) fn spec(&self, job: &Job) -> Result<JobSpec, Error> {
        let lineage = Lineage {
            image: job.image.as_ref().map(|i| i.digest.to_string()),
            ..job.principal.lineage.clone()
        };
        let session = self.identity.session(&SessionRequest {
            scope: job.scope.clone(),
            role: job.plan.role.clone(),
            name: job.name.clone(),
            lineage,
            lifetime: job.plan.limit + MARGIN,
        });
        let session = session.map_err(|e| Error::Invalid(e.to_string()))?;
        let mut env = job.image.as_ref().map(|image| image.config.env.clone()).unwrap_or_default();
        env.extend(job.plan.environment.clone());
        env.extend(access(&session, &self.config.endpoint, job.scope.region.as_str()));
        let (root, command, working_dir, mounts) = match (&job.plan.entry, &job.image) {
            (Entry::Host { command, working_dir, mounts }, _) => {
                (Root::Host, command.clone(), working_dir.clone(), mounts.clone())
            }
            (entry, Some(image)) => {
                let command = entry.command(&image.config);
                if command.is_empty() {
                    return Err(Error::Invalid(format!(
                        "the image {} names no program to run",
                        image.reference
                    )));
                }
                (Root::Image(Box::new(image.clone())), command, working_dir(image), vec![self.opt_ml(job)])
            }
            (_, None) => return Err(Error::Trouble(format!("the job {} has no image yet", job.name))),
        };
        Ok(JobSpec {
            id: job.id.clone(),
            root,
            command,
            env,
            working_dir,
            mounts,
            resources: job.plan.resources,
        })
    }

    /// Where the job's `/opt/ml` is on this machine.
    pub(super) fn home(&self, job: &Job) -> PathBuf {
        self.config.directory.join(job.id.as_str())
    }

    fn opt_ml(&self, job: &Job) -> Mount {
        Mount { source: self.home(job), target: PathBuf::from("/opt/ml"), read_only: false }
    }

    /// Whether the job has a directory of its own here.
    pub(super) fn is_staged(job: &Job) -> bool {
        job.kind != Kind::Build
    }
}

fn working_dir(image: &Image) -> PathBuf {
    let named = &image.config.working_dir;
    PathBuf::from(if named.is_empty() { "/" } else { named })
}

/// What AWS's clients read in a job.
pub fn access(session: &Session, endpoint: &str, region: &str) -> BTreeMap<String, String> {
    [
        ("AWS_ACCESS_KEY_ID", session.access_key_id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", &session.secret_access_key),
        ("AWS_SESSION_TOKEN", &session.session_token),
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        // Nothing of the machine's own configuration is meant for the job.
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
