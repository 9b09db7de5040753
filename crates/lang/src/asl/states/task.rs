//! `Task`: calls a service and takes its result.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html>

use crate::asl::{
    errors::{Catcher, Retrier, read_catchers, read_retriers},
    fields::Fields,
    machine::Next,
    resource::Resource,
    template::Template,
};

use super::{Seconds, Selection, Where, read_next, read_result_path, read_seconds, result::read_selection};

/// A Task state.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// What it calls.
    pub resource: Resource,
    /// `InputPath`
    pub input_path: Selection,
    /// `Parameters`; without them the input is sent.
    pub parameters: Option<Template>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: Where,
    /// `OutputPath`
    pub output_path: Selection,
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

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Task> {
    fields.require(&["Resource"]);
    let resource = read_resource(fields);
    let input_path = read_selection(fields, "InputPath");
    let parameters = read_template(fields, "Parameters");
    let result_selector = read_template(fields, "ResultSelector");
    let result_path = read_result_path(fields);
    let output_path = read_selection(fields, "OutputPath");
    let timeout = read_seconds(fields, "TimeoutSeconds", "TimeoutSecondsPath");
    let heartbeat = read_seconds(fields, "HeartbeatSeconds", "HeartbeatSecondsPath");
    if let (Some(Seconds::Fixed(timeout)), Some(Seconds::Fixed(heartbeat))) = (&timeout, &heartbeat)
        && heartbeat >= timeout
    {
        fields.report.schema(&fields.at("HeartbeatSeconds"), "The value must be less than TimeoutSeconds");
    }
    let retry = read_retriers(fields);
    let catch = read_catchers(fields);
    let next = read_next(fields);
    Some(Task {
        resource: resource?,
        input_path,
        parameters,
        result_selector,
        result_path,
        output_path,
        timeout,
        heartbeat,
        retry,
        catch,
        next: next?,
    })
}

fn read_resource(fields: &mut Fields<'_>) -> Option<Resource> {
    let text = fields.text("Resource")?;
    let at = fields.at("Resource");
    match text.parse() {
        Ok(Resource::Arn(arn)) => {
            fields.report.unsupported(&at, format!("Tasks that call {arn} are not supported yet"));
            None
        }
        Ok(resource) => Some(resource),
        Err(why) => {
            fields.report.schema(&at, format!("{why}"));
            None
        }
    }
}

pub(super) fn read_template(fields: &mut Fields<'_>, name: &'static str) -> Option<Template> {
    let pointer = fields.at(name);
    let value = fields.value(name)?;
    Some(Template::parse(value, &pointer, fields.report))
}
