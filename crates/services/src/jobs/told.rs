//! What a job tells when it moves.
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html>

use serde_json::json;
use trainyard_domain::{
    Event,
    event::{DEFAULT_BUS, Way},
};
use trainyard_store::Changes;

use super::{
    describe,
    job::{Job, Kind, Phase},
};
use crate::{bus, ground::uuid_from};

/// The source of events that are the house's own.
pub const SOURCE: &str = "trainyard";
/// The detail-type by which the run of a build tells its moves: `detail` has `name`, `arn` and `phase`.
pub const JOB_STATE_CHANGE: &str = "Job State Change";

/// Adds the event of the job's last move to the commit of that move. Its id follows from the job and the phase, so
/// that a move told twice is one event.
pub(super) fn tell(changes: &mut Changes, job: &Job) -> Result<(), trainyard_store::Error> {
    let (source, detail_type, detail) = match job.kind {
        Kind::Training => ("aws.sagemaker", "SageMaker Training Job State Change", describe::training(job)),
        Kind::Processing => {
            ("aws.sagemaker", "SageMaker Processing Job State Change", describe::processing(job))
        }
        Kind::Build => {
            (SOURCE, JOB_STATE_CHANGE, json!({"name": job.name, "arn": job.arn, "phase": phase(job.phase)}))
        }
    };
    let event = Event {
        id: event_id(job),
        scope: job.scope.clone(),
        bus: DEFAULT_BUS.to_owned(),
        time: job.modified,
        source: source.to_owned(),
        detail_type: detail_type.to_owned(),
        way: Way::default(),
        resources: vec![job.arn.to_string()],
        detail,
    };
    bus::tell(changes, &event)
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "STARTING",
        Phase::Downloading => "DOWNLOADING",
        Phase::Running => "RUNNING",
        Phase::Uploading => "UPLOADING",
        Phase::Ended(_) => "ENDED",
    }
}

fn event_id(job: &Job) -> String {
    let stopping = if job.stop.is_some() { "-stopping" } else { "" };
    let name = format!("{}@{}{}{stopping}", job.arn, job.created.millis(), phase(job.phase));
    uuid_from(&[&name])
}
