//! Projects and builds in CodeBuild's shapes. Times are milliseconds here; the face writes them in its protocol's form.
//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html>

use serde_json::{Map, Value, json};
use trainyard_domain::Arn;

use super::{
    Project,
    build::{Build, Phase, Status},
};

/// A build. Its phases are given apart, because those of a running build are not remembered.
pub(super) fn build(build: &Build, phases: &[Phase]) -> Value {
    let last = phases.last().map_or("SUBMITTED", |phase| &phase.name);
    let mut shown = json!({
        "id": build.id,
        "arn": build.arn(),
        "buildNumber": build.number,
        "startTime": build.created,
        "endTime": build.ended,
        "currentPhase": last,
        "buildStatus": build.status,
        "sourceVersion": build.source_version,
        "resolvedSourceVersion": build.resolved,
        "projectName": build.project,
        "phases": phases.iter().map(phase).collect::<Vec<_>>(),
        "source": build.source,
        "artifacts": {"location": ""},
        "cache": {"type": "NO_CACHE"},
        "environment": build.environment,
        "serviceRole": build.service_role,
        "logs": logs(build),
        "timeoutInMinutes": build.timeout_in_minutes,
        "buildComplete": build.is_over(),
        "initiator": build.initiator,
        "exportedEnvironmentVariables": exported(build),
    });
    without_nulls(&mut shown);
    shown
}

/// A project.
pub(super) fn project(project: &Project, endpoint: &str) -> Value {
    let mut shown = json!({
        "name": project.name,
        "arn": project.arn(),
        "description": project.description,
        "source": project.source,
        "sourceVersion": project.source_version,
        "artifacts": project.artifacts,
        "cache": project.cache,
        "environment": project.environment,
        "serviceRole": project.service_role,
        "timeoutInMinutes": project.timeout_in_minutes,
        "tags": project.tags,
        "created": project.created,
        "lastModified": project.modified,
        "webhook": webhook(project, endpoint),
        "badge": {"badgeEnabled": false},
        "logsConfig": project.logs_config,
        "projectVisibility": "PRIVATE",
    });
    without_nulls(&mut shown);
    shown
}

/// The project's webhook.
fn webhook(project: &Project, endpoint: &str) -> Value {
    let Some(webhook) = &project.webhook else { return Value::Null };
    json!({
        "url": project.source.location.as_deref().unwrap_or(endpoint),
        "filterGroups": webhook.filter_groups,
        "buildType": "BUILD",
        "status": "ACTIVE",
        "lastModifiedSecret": webhook.modified,
    })
}

/// Where the build's lines are.
pub(super) fn logs(build: &Build) -> Value {
    let (group, stream) = (&build.log_group, build.uuid());
    let arn = Arn::new("logs", &build.scope, format!("log-group:{group}:log-stream:{stream}"));
    json!({
        "groupName": group,
        "streamName": stream,
        "cloudWatchLogsArn": arn,
        "cloudWatchLogs": {"status": "ENABLED"},
    })
}

/// The variables that the build tells.
pub(super) fn exported(build: &Build) -> Value {
    build.exported.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// A phase. One that has ended has a context, which is empty where all went well.
pub(super) fn phase(phase: &Phase) -> Value {
    let mut shown = json!({"phaseType": phase.name, "startTime": phase.started});
    if let Some(status) = phase.status {
        shown["phaseStatus"] = json!(status);
    }
    if let Some(ended) = phase.ended {
        let (code, message) = phase.context.clone().unwrap_or_default();
        shown["endTime"] = json!(ended);
        shown["durationInSeconds"] = json!(ended.since(phase.started).as_secs());
        shown["contexts"] = json!([{"statusCode": code, "message": message}]);
    }
    shown
}

/// The status as text.
pub(super) fn status(status: Status) -> String {
    json!(status).as_str().unwrap_or_default().to_owned()
}

fn without_nulls(value: &mut Value) {
    if let Value::Object(members) = value {
        let whole = std::mem::take(members);
        *members = whole.into_iter().filter(|(_, member)| !member.is_null()).collect::<Map<_, _>>();
    }
}
