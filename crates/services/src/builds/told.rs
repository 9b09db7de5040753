//! What a build tells when it begins and ends.
//! <https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications-ref.html>

use serde_json::{Value, json};
use trainyard_domain::{
    Event,
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

/// Adds the event of the build's status to the commit that it comes of. Its id follows from build and status.
/// The values of environment variables are left out: there may be secrets among them.
pub(super) fn tell(changes: &mut Changes, build: &Build) -> Result<(), StoreError> {
    let arn = build.arn().to_string();
    let status = describe::status(build.status);
    let event = Event {
        id: uuid_from(&["build state", &arn, &status]),
        scope: build.scope.clone(),
        bus: DEFAULT_BUS.to_owned(),
        time: build.ended.unwrap_or(build.created),
        source: "aws.codebuild".to_owned(),
        detail_type: STATE_CHANGE.to_owned(),
        way: Way::default(),
        resources: vec![arn.clone()],
        detail: json!({
            "build-status": status,
            "project-name": build.project,
            "build-id": arn,
            "current-phase": build.phases.last().map_or("SUBMITTED", |phase| &phase.name),
            "current-phase-context": "[]",
            "version": "1",
            "additional-information": information(build),
        }),
    };
    bus::tell(changes, &event)
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
        "build-start-time": build.created.to_seconds_string(),
        "source": {"location": build.source.location, "type": build.source.kind},
        "source-version": build.source_version,
        "resolved-source-version": build.resolved,
        "logs": {"group-name": build.log_group, "stream-name": build.uuid()},
        "phases": build.phases.iter().map(phase).collect::<Vec<_>>(),
        "exported-environment-variables": describe::exported(build),
    });
    if let Some(ended) = build.ended {
        told["build-end-time"] = json!(ended.to_seconds_string());
    }
    told
}

fn phase(phase: &Phase) -> Value {
    let mut told = json!({"phase-type": phase.name, "start-time": phase.started.to_seconds_string()});
    if let Some(status) = phase.status {
        told["phase-status"] = json!(status);
    }
    if let Some(ended) = phase.ended {
        let (code, message) = phase.context.clone().unwrap_or_default();
        told["end-time"] = json!(ended.to_seconds_string());
        told["duration-in-seconds"] = json!(ended.since(phase.started).as_secs());
        told["phase-context"] = json!([format!("{code}: {message}")]);
    }
    told
}
