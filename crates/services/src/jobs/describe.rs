//! Jobs as DescribeTrainingJob and DescribeProcessingJob show them. Times are milliseconds here; the face writes
//! them in its protocol's form.

use serde_json::{Map, Value, json};
use trainyard_domain::Timestamp;

use super::job::{End, Job, Phase, Stop};

/// DescribeTrainingJob's answer.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html>
pub(super) fn training(job: &Job) -> Value {
    let mut shown = request_members(job);
    put(&mut shown, "TrainingJobArn", &job.arn);
    put(&mut shown, "TrainingJobStatus", status(job));
    put(&mut shown, "SecondaryStatus", secondary_status(job));
    put(&mut shown, "CreationTime", job.created);
    put(&mut shown, "LastModifiedTime", job.modified);
    put_some(&mut shown, "TrainingStartTime", job.started);
    put_some(&mut shown, "TrainingEndTime", job.is_over().then(|| job.ended.unwrap_or(job.modified)));
    put_some(&mut shown, "FailureReason", failure(job));
    if let (Some(started), Some(ended)) = (job.started, job.ended) {
        put(&mut shown, "TrainingTimeInSeconds", ended.since(started).as_secs());
        put(&mut shown, "BillableTimeInSeconds", ended.since(started).as_secs());
    }
    let model = job.plan.outputs.iter().find(|output| output.name == "model");
    let kept = model.filter(|_| job.kept).map(|m| json!({"S3ModelArtifacts": m.uri}));
    put_some(&mut shown, "ModelArtifacts", kept);
    put(&mut shown, "SecondaryStatusTransitions", transitions(job));
    put_some(&mut shown, "FinalMetricDataList", (!job.metrics.is_empty()).then(|| json!(job.metrics)));
    Value::Object(shown)
}

/// DescribeProcessingJob's answer.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeProcessingJob.html>
pub(super) fn processing(job: &Job) -> Value {
    let mut shown = request_members(job);
    put(&mut shown, "ProcessingJobArn", &job.arn);
    put(&mut shown, "ProcessingJobStatus", status(job));
    put(&mut shown, "CreationTime", job.created);
    put(&mut shown, "LastModifiedTime", job.modified);
    put_some(&mut shown, "ProcessingStartTime", job.started);
    put_some(&mut shown, "ProcessingEndTime", job.is_over().then(|| job.ended.unwrap_or(job.modified)));
    put_some(&mut shown, "FailureReason", failure(job));
    put_some(&mut shown, "ExitMessage", job.message.clone());
    Value::Object(shown)
}

/// One entry of ListTrainingJobs.
pub(super) fn training_summary(job: &Job) -> Value {
    let mut shown =
        pick(&training(job), &["TrainingJobName", "TrainingJobArn", "CreationTime", "LastModifiedTime"]);
    put(&mut shown, "TrainingJobStatus", status(job));
    put(&mut shown, "SecondaryStatus", secondary_status(job));
    put_some(&mut shown, "TrainingEndTime", job.is_over().then(|| job.ended.unwrap_or(job.modified)));
    Value::Object(shown)
}

/// One entry of ListProcessingJobs.
pub(super) fn processing_summary(job: &Job) -> Value {
    let members =
        ["ProcessingJobName", "ProcessingJobArn", "CreationTime", "LastModifiedTime", "ProcessingEndTime"];
    let mut shown = pick(&processing(job), &members);
    put(&mut shown, "ProcessingJobStatus", status(job));
    put_some(&mut shown, "FailureReason", failure(job));
    put_some(&mut shown, "ExitMessage", job.message.clone());
    Value::Object(shown)
}

fn pick(shown: &Value, members: &[&str]) -> Map<String, Value> {
    members.iter().filter_map(|name| Some(((*name).to_owned(), shown.get(name)?.clone()))).collect()
}

fn request_members(job: &Job) -> Map<String, Value> {
    let mut members = job.request.as_object().cloned().unwrap_or_default();
    members.remove("Tags");
    members
}

/// Both kinds use the same words.
pub(super) fn status(job: &Job) -> &'static str {
    match (job.phase, job.stop) {
        (Phase::Ended(End::Completed), _) => "Completed",
        (Phase::Ended(End::Failed), _) => "Failed",
        (Phase::Ended(End::Stopped), _) => "Stopped",
        (_, Some(_)) => "Stopping",
        (_, None) => "InProgress",
    }
}

fn secondary_status(job: &Job) -> &'static str {
    match (job.phase, job.stop) {
        (Phase::Ended(End::Completed), _) => "Completed",
        (Phase::Ended(End::Failed), _) => "Failed",
        (Phase::Ended(End::Stopped), Some(Stop::Limit)) => "MaxRuntimeExceeded",
        (Phase::Ended(End::Stopped), _) => "Stopped",
        (_, Some(_)) => "Stopping",
        (Phase::Starting, None) => "Starting",
        (Phase::Downloading, None) => "Downloading",
        (Phase::Running, None) if job.started.is_none() => "Pending",
        (Phase::Running, None) => "Training",
        (Phase::Uploading, None) => "Uploading",
    }
}

fn failure(job: &Job) -> Option<String> {
    job.failure.clone().filter(|_| job.is_over())
}

/// `SecondaryStatusTransitions`: each move ends the one before it.
fn transitions(job: &Job) -> Value {
    let mut moves: Vec<(&str, Timestamp, String)> = Vec::new();
    for (phase, since) in &job.moves {
        let said = |(status, message): (&'static str, &str)| (status, *since, message.to_owned());
        moves.push(match phase {
            Phase::Starting => said(("Starting", "Starting the training job")),
            Phase::Downloading => said(("Downloading", "Downloading input data")),
            Phase::Running => said(("Pending", "Waiting for the resources of the instance type")),
            Phase::Uploading => said(("Uploading", "Uploading generated training model")),
            Phase::Ended(_) => {
                let status = secondary_status(job);
                let message = || format!("Training job {}", status.to_lowercase());
                (status, *since, failure(job).unwrap_or_else(message))
            }
        });
        if let (Phase::Running, Some(started)) = (phase, job.started) {
            moves.push((
                "Training",
                started,
                "Training image download completed. Training in progress.".to_owned(),
            ));
        }
    }
    let ends = moves.iter().skip(1).map(|(_, since, _)| Some(*since)).chain([None]).collect::<Vec<_>>();
    let shown = moves.into_iter().zip(ends).map(|((status, since, message), end)| {
        let mut shown = Map::new();
        put(&mut shown, "Status", status);
        put(&mut shown, "StartTime", since);
        put_some(&mut shown, "EndTime", end.or(job.is_over().then_some(since)));
        put(&mut shown, "StatusMessage", message);
        shown
    });
    json!(shown.collect::<Vec<_>>())
}

fn put(members: &mut Map<String, Value>, name: &str, value: impl serde::Serialize) {
    members.insert(name.to_owned(), json!(value));
}

fn put_some(members: &mut Map<String, Value>, name: &str, value: Option<impl serde::Serialize>) {
    if let Some(value) = value {
        put(members, name, value);
    }
}
