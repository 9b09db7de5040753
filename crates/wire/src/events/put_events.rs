//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::bus::{Entry, Rejected};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    entries: Vec<Told>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Told {
    time: Option<Timestamp>,
    source: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    failed_entry_count: usize,
    entries: Vec<Answer>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    #[serde(rename_all = "PascalCase")]
    Taken { event_id: String },
    #[serde(rename_all = "PascalCase")]
    Rejected { error_code: &'static str, error_message: String },
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let entries = input.entries.into_iter().map(Entry::from).collect();
    // A call that is made again after a crash tells the same events.
    let answers = context
        .services
        .bus
        .put_events(&context.principal, &context.scope, entries, context.token.as_deref())
        .await?;
    let failed_entry_count = answers.iter().filter(|answer| answer.is_err()).count();
    Ok(Output { failed_entry_count, entries: answers.into_iter().map(Answer::from).collect() })
}

impl From<Told> for Entry {
    fn from(told: Told) -> Self {
        Self {
            time: told.time,
            source: told.source,
            resources: told.resources,
            detail_type: told.detail_type,
            detail: told.detail,
            bus: told.event_bus_name,
        }
    }
}

impl From<Result<String, Rejected>> for Answer {
    fn from(answer: Result<String, Rejected>) -> Self {
        match answer {
            Ok(event_id) => Self::Taken { event_id },
            Err(Rejected { code, message }) => Self::Rejected { error_code: code, error_message: message },
        }
    }
}
