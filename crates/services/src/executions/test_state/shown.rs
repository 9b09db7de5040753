//! What is shown of a state that was tried.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_InspectionData.html>

use std::collections::BTreeMap;

use trainyard_domain::Failure;
use trainyard_engine::{End, Payload, Report};

use super::{TestSpec, decide::Trying, spelling::Spelling};
use crate::executions::task::Exchange;

/// What a state has come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tested {
    /// `SUCCEEDED`, `FAILED`, `RETRIABLE` or `CAUGHT_ERROR`.
    pub status: &'static str,
    /// What it hands on, as JSON.
    pub output: Option<String>,
    /// The failure's name, if it has one.
    pub error: Option<String>,
    /// Why, if that was said.
    pub cause: Option<String>,
    /// Where it leads.
    pub next: Option<String>,
    /// What became of the data.
    pub inspection: Inspection,
    /// What went over the wire.
    pub exchange: Option<Exchange>,
}

/// What became of the data, and what else there is to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// Members that are JSON as text.
    pub texts: BTreeMap<&'static str, String>,
    /// What has happened to a failure, if anything has.
    pub error_details: Option<ErrorDetails>,
    /// `maxConcurrency` of a Map.
    pub concurrency: Option<u64>,
    /// `toleratedFailureCount` of a Map that has one.
    pub tolerated_count: Option<u64>,
    /// `toleratedFailurePercentage` of a Map that has one.
    pub tolerated_percentage: Option<f64>,
}

/// What has happened to a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErrorDetails {
    /// The place of the catcher that took it.
    pub catcher: Option<usize>,
    /// The place of the retrier that it is for.
    pub retrier: Option<usize>,
    /// In how many seconds it is tried again.
    pub backoff: Option<u64>,
}

pub(super) fn shown(spec: &TestSpec, trying: &Trying, report: Report) -> Tested {
    let input = spec.input.as_deref().unwrap_or("{}");
    let result = spec.mock.as_ref().and_then(|mock| mock.result.as_deref());
    let given = [Some(input), result, spec.context.as_deref(), spec.variables.as_deref()];
    let spelling = Spelling::of(given.into_iter().flatten());
    let inspection = inspection(trying, &report, (input, &spelling));
    let text = |output: &Payload| Some(spelling.text(output));
    let failed = |failure: Failure| {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        Tested { error: given(failure.error), cause: given(failure.cause), ..Tested::default() }
    };
    let tested = match report.end {
        End::Left { output, next } => {
            Tested { status: "SUCCEEDED", output: text(&output), next, ..Tested::default() }
        }
        End::Caught { failure, output, next } => {
            Tested { status: "CAUGHT_ERROR", output: text(&output), next, ..failed(failure) }
        }
        End::Retried { failure, .. } => Tested { status: "RETRIABLE", ..failed(failure) },
        End::Failed(failure) => Tested { status: "FAILED", ..failed(failure) },
    };
    Tested { inspection, ..tested }
}

fn inspection(trying: &Trying, report: &Report, (input, spelling): (&str, &Spelling<'_>)) -> Inspection {
    let stages = report.stages.iter();
    let mut texts: BTreeMap<_, _> =
        stages.map(|(stage, value)| (stage.as_str(), spelling.text(value))).collect();
    texts.insert("input", input.to_owned());
    if !report.variables.is_empty() {
        let variables = report.variables.iter().map(|(name, value)| (name.clone(), value.value().clone()));
        let variables = variables.collect::<serde_json::Map<_, _>>();
        texts.insert("variables", serde_json::Value::from(variables).to_string());
    }
    let iterations = &trying.iterations;
    if let Some(pointed) = &iterations.pointed {
        texts.insert("afterItemsPointer", spelling.text(pointed));
    }
    if let Some(batches) = &iterations.batches {
        texts.insert("afterItemBatcher", format!("[{}]", batches.join(",")));
    }
    let backoff = match report.end {
        End::Retried { seconds, .. } => Some(seconds),
        End::Left { .. } | End::Caught { .. } | End::Failed(_) => None,
    };
    let details = ErrorDetails { catcher: report.catcher, retrier: report.retrier, backoff };
    let plan = iterations.plan.as_ref();
    Inspection {
        texts,
        error_details: Some(details).filter(|details| *details != ErrorDetails::default()),
        concurrency: plan.map(|plan| plan.concurrency),
        tolerated_count: plan.and_then(|plan| plan.tolerated_count),
        tolerated_percentage: plan.and_then(|plan| plan.tolerated_percentage),
    }
}
