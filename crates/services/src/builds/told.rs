//! What a build tells when it begins and ends, and when a phase of it has ended.
//! <https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications-ref.html>

use serde_json::{Value, json};
use trainyard_domain::{
    Event, Timestamp,
    event::{DEFAULT_BUS, Way},
};
use trainyard_store::{Changes, Error as StoreError};

use super::{
    build::{Build, Phase},
    describe,
};
use crate::{bus, ground::uuid_from};

/// The detail-type.
const STATE_CHANGE: &str = "CodeBuild Build State Change";
/// The detail-type of phases.
const PHASE_CHANGE: &str = "CodeBuild Build Phase Change";

/// Adds the event of the build's status to the commit that it comes of. Its id follows from build and status.
/// The values of environment variables are left out: there may be secrets among them.
pub(super) fn tell(changes: &mut Changes, build: &Build) -> Result<(), StoreError> {
    let arn = build.arn().to_string();
    let status = describe::status(build.status);
    let detail = json!({
        "build-status": status,
        "project-name": build.project,
        "build-id": arn,
        "current-phase": build.phases.last().map_or("SUBMITTED", |phase| &phase.name),
        "current-phase-context": "[]",
        "version": "1",
        "additional-information": information(build),
    });
    let id = uuid_from(&["build state", &arn, &status]);
    let time = build.ended.unwrap_or(build.created);
    bus::tell(changes, &event(build, (id, time), (STATE_CHANGE, detail)))
}

/// Adds an event for each phase that has ended and was not told: `before` is what was. Those of the buildspec are known
/// when the build is over, and told then, with their own times.
pub(super) fn tell_phases(changes: &mut Changes, before: &[Phase], build: &Build) -> Result<(), StoreError> {
    let arn = build.arn().to_string();
    let told = |name: &str| before.iter().any(|phase| phase.name == name && phase.ended.is_some());
    for phase in build.phases.iter().filter(|phase| !told(&phase.name)) {
        let (Some(ended), Some(status)) = (phase.ended, phase.status) else { continue };
        let detail = json!({
            "completed-phase": phase.name,
            "completed-phase-status": status,
            "completed-phase-duration-seconds": ended.since(phase.started).as_secs(),
            "completed-phase-start": phase.started.to_american_string(),
            "completed-phase-end": ended.to_american_string(),
            "completed-phase-context": format!("[{}]", context(phase)),
            "project-name": build.project,
            "build-id": arn,
            "version": "1",
            "additional-information": information(build),
        });
        let id = uuid_from(&["build phase", &arn, &phase.name]);
        bus::tell(changes, &event(build, (id, ended), (PHASE_CHANGE, detail)))?;
    }
    Ok(())
}

fn event(build: &Build, (id, time): (String, Timestamp), (detail_type, detail): (&str, Value)) -> Event {
    Event {
        id,
        scope: build.scope.clone(),
        bus: DEFAULT_BUS.to_owned(),
        time,
        source: "aws.codebuild".to_owned(),
        detail_type: detail_type.to_owned(),
        way: Way::default(),
        resources: vec![build.arn().to_string()],
        detail,
    }
}

/// CodeBuild's code and the explanation; `: ` where all went well.
fn context(phase: &Phase) -> String {
    let (code, message) = phase.context.clone().unwrap_or_default();
    format!("{code}: {message}")
}

fn information(build: &Build) -> Value {
    let environment = &build.environment;
    let names = environment.environment_variables.iter();
    let mut told = json!({
        "artifact": {"location": ""},
        "cache": {"type": "NO_CACHE"},
        "environment": {
            "image": environment.image,
            "privileged-mode": environment.privileged_mode,
            "compute-type": environment.compute_type,
            "type": environment.kind,
            "environment-variables": names.map(|v| json!({"name": v.name, "type": v.kind})).collect::<Vec<_>>(),
        },
        "timeout-in-minutes": build.timeout_in_minutes,
        "build-complete": build.is_over(),
        "build-number": build.number,
        "initiator": build.initiator,
        "build-start-time": build.created.to_american_string(),
        "source": {"location": build.source.location, "type": build.source.kind},
        "source-version": build.source_version,
        "resolved-source-version": build.resolved,
        "logs": {"group-name": build.log_group, "stream-name": build.uuid()},
        "phases": build.phases.iter().map(phase).collect::<Vec<_>>(),
        "exported-environment-variables": describe::exported(build),
    });
    if let Some(ended) = build.ended {
        told["build-end-time"] = json!(ended.to_american_string());
    }
    told
}

fn phase(phase: &Phase) -> Value {
    let mut told = json!({"phase-type": phase.name, "start-time": phase.started.to_american_string()});
    if let Some(status) = phase.status {
        told["phase-status"] = json!(status);
    }
    if let Some(ended) = phase.ended {
        told["end-time"] = json!(ended.to_american_string());
        told["duration-in-seconds"] = json!(ended.since(phase.started).as_secs());
        told["phase-context"] = json!([context(phase)]);
    }
    told
}
