//! What the resources of Tasks are: which services and actions there are, how each can be waited for, what
//! parameters it takes and what it answers.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html>

mod parameters;
mod result;
mod table;
mod tasks;
#[cfg(test)]
mod tests;

use serde_json::Value;

use self::table::Row;
use super::{
    diagnostic::{Diagnostic, Report},
    fields::below,
    resource::{Action, Pattern, Resource},
};
use crate::catalog::{self, Naming, Operation};

pub use parameters::Finding;
pub use tasks::{TaskState, tasks};

/// A service and an action that Step Functions can call, and the way in which it is asked to wait.
#[derive(Clone, Copy)]
pub struct Integration {
    source: Source,
    pattern: Pattern,
}

#[derive(Clone, Copy)]
enum Source {
    /// `aws-sdk:`; no operation where the service has no model any more.
    Sdk(Option<Operation<'static>>),
    Optimised(&'static Row),
}

impl Integration {
    /// What the resource calls, or `None` if Step Functions does not know it, or not in this way. Resources with an
    /// ARN of their own (functions, activities) are no integrations.
    pub fn find(resource: &Resource) -> Option<Self> {
        let (source, pattern) = match resource {
            Resource::Sdk(action) => (sdk(action)?, action.pattern),
            Resource::Service(action) => (optimised(action)?, action.pattern),
            Resource::Function(_) | Resource::Activity(_) => return None,
        };
        Some(Self { source, pattern })
    }

    fn naming(&self) -> Naming {
        match self.source {
            Source::Sdk(_) => Naming::Sdk,
            Source::Optimised(_) => Naming::Api,
        }
    }

    /// The operation whose parameters it takes.
    fn operation(&self) -> Option<Operation<'static>> {
        match self.source {
            Source::Sdk(operation) => operation,
            Source::Optimised(row) => {
                let (service, action) = row.operation?;
                catalog::service(service)?.operation(action)
            }
        }
    }
}

fn sdk(action: &Action) -> Option<Source> {
    let service = catalog::service(&action.service)?;
    let waits = matches!(action.pattern, Pattern::RequestResponse | Pattern::WaitForTaskToken);
    let operation = service.operation(&action.action);
    (waits && (operation.is_some() || !service.has_model())).then_some(Source::Sdk(operation))
}

fn optimised(action: &Action) -> Option<Source> {
    let row = table::ROWS.iter().find(|row| row.service == action.service && row.action == action.action)?;
    let waits = match action.pattern {
        Pattern::RequestResponse => true,
        Pattern::Sync => row.sync,
        Pattern::Sync2 => row.sync2,
        Pattern::WaitForTaskToken => row.token,
    };
    waits.then_some(Source::Optimised(row))
}

/// What AWS refuses about the Tasks of a definition, or of a single state: resources that it does not know, and
/// parameters that they do not take or lack. `ours` says of a resource that it can be called here although AWS does
/// not know it.
///
/// This is judged once, when a definition comes: what was accepted goes on, also when the table has changed.
pub fn diagnose(definition: &Value, ours: impl Fn(&Resource) -> bool) -> Vec<Diagnostic> {
    let report = Report::default();
    for task in tasks(definition) {
        match Integration::find(&task.resource) {
            Some(integration) => check(&task, &integration, &report),
            None if matches!(task.resource, Resource::Function(_) | Resource::Activity(_)) => {}
            None if ours(&task.resource) => {}
            None => {
                report.schema(&below(&task.pointer, "Resource"), not_recognised(&task.resource.to_string()))
            }
        }
    }
    report.into_diagnostics()
}

fn check(task: &TaskState<'_>, integration: &Integration, report: &Report) {
    let Some(parameters) = task.parameters() else {
        let message = format!("{} field is required for resource ARN: {}", task.field(), task.resource);
        report.schema(&task.pointer, message);
        return;
    };
    let pointer = below(&task.pointer, task.field());
    for finding in parameters::check(integration, parameters, &pointer, !task.jsonata) {
        if finding.refused {
            report.schema(&finding.pointer, finding.message);
        }
    }
}

/// What will fail when a Task runs, although AWS takes its definition: parameters whose names are wrong and whose
/// values come from the data, and members of members that are not there.
pub fn advise(task: &TaskState<'_>) -> Vec<Finding> {
    let Some(integration) = Integration::find(&task.resource) else { return Vec::new() };
    let Some(parameters) = task.parameters() else { return Vec::new() };
    let pointer = below(&task.pointer, task.field());
    let all = parameters::check(&integration, parameters, &pointer, !task.jsonata);
    all.into_iter().filter(|finding| !finding.refused).collect()
}

/// What AWS says about the resource of a Task that it does not know.
pub(crate) fn not_recognised(resource: &str) -> String {
    if !resource.starts_with("arn:") {
        return "Value is not a valid resource ARN".to_owned();
    }
    format!(
        "The resource provided {resource} is not recognized. The value is not a valid resource ARN, or the resource \
         is not available in this region."
    )
}
