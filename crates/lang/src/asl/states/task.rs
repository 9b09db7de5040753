//! `Task`: calls a service and takes its result.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html>

use crate::asl::{
    errors::{Catcher, Retrier, read_catchers, read_retriers},
    fields::Fields,
    flow::{Flow, Takes},
    integrations::not_recognised,
    machine::Next,
    resource::Resource,
};

use super::{Credentials, Seconds, credentials, read_next, read_seconds};

/// A Task state.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// What it calls.
    pub resource: Resource,
    /// `Credentials`: in whose name.
    pub credentials: Option<Credentials>,
    /// `TimeoutSeconds` or its path.
    pub timeout: Option<Seconds>,
    /// `HeartbeatSeconds` or its path.
    pub heartbeat: Option<Seconds>,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
    /// Where it leads.
    pub next: Next,
}

pub(super) fn read(fields: &mut Fields<'_>) -> (Flow, Option<Task>) {
    fields.require(&["Resource"]);
    let resource = read_resource(fields);
    let flow = Flow::read(fields, Takes::RESULT);
    let credentials = credentials::read(fields);
    let timeout = read_seconds(fields, "TimeoutSeconds", "TimeoutSecondsPath");
    let heartbeat = read_seconds(fields, "HeartbeatSeconds", "HeartbeatSecondsPath");
    let fixed = |seconds: &Option<Seconds>| seconds.as_ref().and_then(Seconds::fixed);
    if let (Some(timeout), Some(heartbeat)) = (fixed(&timeout), fixed(&heartbeat))
        && heartbeat >= timeout
    {
        fields.report.schema(&fields.at("HeartbeatSeconds"), "The value must be less than TimeoutSeconds");
    }
    let retry = read_retriers(fields);
    let catch = read_catchers(fields);
    let whole = resource.zip(read_next(fields));
    let task =
        whole.map(|(resource, next)| Task { resource, credentials, timeout, heartbeat, retry, catch, next });
    (flow, task)
}

fn read_resource(fields: &mut Fields<'_>) -> Option<Resource> {
    let text = fields.text("Resource")?;
    match text.parse::<Resource>() {
        Ok(resource) => Some(resource),
        Err(_) => {
            fields.report.schema(&fields.at("Resource"), not_recognised(text));
            None
        }
    }
}
