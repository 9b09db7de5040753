//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trainyard_services::executions::{Finding, MachineType, Weight};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    definition: String,
    #[serde(default, rename = "type")]
    kind: MachineType,
    #[serde(default)]
    severity: Severity,
    #[serde(default)]
    max_results: usize,
}

/// From which weight on diagnostics are asked for.
#[derive(Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Severity {
    Error,
    #[default]
    Warning,
}

#[derive(Serialize)]
pub(super) struct Output {
    result: &'static str,
    diagnostics: Vec<Value>,
    truncated: bool,
}

/// As many are shown when nothing is said, or 0.
const MOST: usize = 100;

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let most = match input.max_results {
        0 => MOST,
        asked @ 1..=MOST => asked,
        asked => {
            let message = format!(
                "1 validation error detected: Value '{asked}' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to {MOST}"
            );
            return Err(ApiError::invalid("ValidationException", message));
        }
    };
    let mut found = context.services.executions.validate(&input.definition, input.kind);
    let failed = found.iter().any(|finding| finding.weight == Weight::Error);
    if matches!(input.severity, Severity::Error) {
        found.retain(|finding| finding.weight == Weight::Error);
    }
    let truncated = found.len() > most;
    found.truncate(most);
    let result = if failed { "FAIL" } else { "OK" };
    Ok(Output { result, diagnostics: found.into_iter().map(shown).collect(), truncated })
}

fn shown(finding: Finding) -> Value {
    let mut shown = Map::new();
    shown.insert("severity".to_owned(), finding.weight.as_str().into());
    shown.insert("code".to_owned(), finding.code.into());
    shown.insert("message".to_owned(), finding.message.into());
    if let Some(location) = finding.location {
        shown.insert("location".to_owned(), location.into());
    }
    Value::Object(shown)
}
