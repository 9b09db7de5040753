//! A job driver that runs programs as children of the test.

use std::{
    collections::BTreeMap,
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use tokio::process::Command;
use trainyard_domain::{
    Timestamp,
    job::{Exit, JobId, JobSpec, JobStatus, LogLine, LogPage},
    ports::{DriverError, JobDriver},
};

#[derive(Default)]
pub(crate) struct Shell {
    runs: Arc<Mutex<BTreeMap<JobId, Run>>>,
}

struct Run {
    process: u32,
    status: JobStatus,
    lines: Vec<LogLine>,
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

#[async_trait]
impl JobDriver for Shell {
    fn name(&self) -> &'static str {
        "shell"
    }

    async fn ensure(&self, spec: &JobSpec) -> Result<(), DriverError> {
        let mut runs = self.runs.lock().unwrap();
        if runs.contains_key(&spec.id) {
            return Ok(());
        }
        let mut command = Command::new(&spec.command[0]);
        command.args(&spec.command[1..]).env_clear().envs(&spec.env).current_dir(&spec.working_dir);
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let child = command.spawn().unwrap();
        let started = now();
        let status = JobStatus::Running { since: started };
        runs.insert(spec.id.clone(), Run { process: child.id().unwrap(), status, lines: Vec::new() });
        let (runs, id) = (Arc::clone(&self.runs), spec.id.clone());
        tokio::spawn(async move {
            let out = child.wait_with_output().await.unwrap();
            let mut runs = runs.lock().unwrap();
            let run = runs.get_mut(&id).unwrap();
            let text = String::from_utf8_lossy(&out.stdout).into_owned();
            run.lines = text.lines().map(|line| LogLine { time: now(), text: line.to_owned() }).collect();
            let code = out.status.code().unwrap_or(143);
            run.status = JobStatus::Ended(Exit { code, out_of_memory: false, started, ended: now() });
        });
        Ok(())
    }

    async fn observe(&self, id: &JobId) -> Result<JobStatus, DriverError> {
        Ok(self.runs.lock().unwrap().get(id).map_or(JobStatus::Absent, |run| run.status.clone()))
    }

    async fn logs(&self, id: &JobId, from: u64) -> Result<LogPage, DriverError> {
        let runs = self.runs.lock().unwrap();
        let lines: Vec<_> = runs.get(id).iter().flat_map(|run| run.lines[from as usize..].to_vec()).collect();
        Ok(LogPage { next: from + lines.len() as u64, lines })
    }

    async fn stop(&self, id: &JobId, _: Duration) -> Result<(), DriverError> {
        let process = self.runs.lock().unwrap().get(id).map(|run| run.process);
        if let Some(process) = process {
            let group = format!("-{process}");
            Command::new("kill").args(["-TERM", "--", &group]).status().await.unwrap();
        }
        Ok(())
    }

    async fn forget(&self, _: &JobId) -> Result<(), DriverError> {
        Ok(())
    }
}
