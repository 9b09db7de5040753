//! What is told of executions. Pure.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html>

use serde_json::{Value, json};
use trainyard_domain::{
    Arn, Event, Timestamp,
    event::{DEFAULT_BUS, Way},
};

use super::execution::Execution;
use crate::{
    approvals::{TOKEN_CLOSED, token_digest},
    ground::uuid_from,
};

/// Input and output longer than this together are not in the event, as the whole of it may have 256 KiB.
const MOST_DATA: usize = 248 * 1024;

/// "Step Functions Execution Status Change". The event of one status of one execution, in one redrive of it,
/// has always the same id.
pub(super) fn status_changed(execution: &Execution, now: Timestamp) -> Event {
    let arn = execution.arn().to_string();
    let Execution { input, status, end, .. } = execution;
    let output = end.as_ref().and_then(|end| end.output.as_deref());
    let fits = input.len() + output.map_or(0, str::len) <= MOST_DATA;
    let included = |text: Option<&str>| match text {
        Some(text) if fits => (Value::from(text), json!({"included": true})),
        Some(_) => (Value::Null, json!({"included": false})),
        None => (Value::Null, Value::Null),
    };
    let (shown_input, input_details) = included(Some(input));
    let (shown_output, output_details) = included(output);
    let (redrives, redrivable) = (&execution.redrives, execution.redrivable(now));
    let mut id = vec![arn.as_str(), status.as_str()];
    let count = redrives.count.to_string();
    if redrives.count > 0 {
        id.push(&count);
    }
    Event {
        id: uuid_from(&id),
        scope: execution.scope.clone(),
        bus: DEFAULT_BUS.to_owned(),
        time: now,
        source: "aws.states".to_owned(),
        detail_type: "Step Functions Execution Status Change".to_owned(),
        way: Way::default(),
        resources: vec![arn.clone()],
        detail: json!({
            "executionArn": arn,
            "stateMachineArn": execution.machine_arn(),
            "stateMachineVersionArn": execution.version_arn(),
            "stateMachineAliasArn": execution.alias_arn(),
            "name": execution.name,
            "status": status.as_str(),
            "startDate": execution.started.millis(),
            "stopDate": end.as_ref().map(|end| end.at.millis()),
            "input": shown_input,
            "inputDetails": input_details,
            "output": shown_output,
            "outputDetails": output_details,
            "error": end.as_ref().and_then(|end| end.error.as_deref()),
            "cause": end.as_ref().and_then(|end| end.cause.as_deref()),
            "redriveCount": redrives.count,
            "redriveDate": redrives.last.map(|last| last.millis()),
            "redriveStatus": redrivable.as_str(),
            "redriveStatusReason": redrivable.reason(),
        }),
    }
}

/// Nobody waits for the token any more. The token itself is a secret and is not told; its digest is.
pub(super) fn token_closed(execution: &Arn, token: &str, now: Timestamp) -> Option<Event> {
    let digest = token_digest(token);
    Some(Event {
        id: uuid_from(&[TOKEN_CLOSED, &digest]),
        scope: execution.scope()?,
        bus: DEFAULT_BUS.to_owned(),
        time: now,
        source: "trainyard".to_owned(),
        detail_type: TOKEN_CLOSED.to_owned(),
        way: Way::default(),
        resources: vec![execution.to_string()],
        detail: json!({"executionArn": execution, "tokenDigest": digest}),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::map_runs::tests::execution, *};

    #[test]
    fn each_redrive_is_news_of_its_own() {
        let now = Timestamp(5000);
        let mut it = execution();
        let first = status_changed(&it, now);
        assert_eq!(first.id, status_changed(&it, Timestamp(9000)).id, "told twice, it is one event");
        it.redrive(now, None);
        let again = status_changed(&it, now);
        assert_ne!(first.id, again.id);
        let detail = &again.detail;
        assert_eq!((&detail["redriveCount"], &detail["redriveDate"]), (&json!(1), &json!(5000)));
        assert_eq!((&detail["status"], &detail["stopDate"]), (&json!("RUNNING"), &Value::Null));
        assert_eq!(first.detail["redriveDate"], Value::Null);
    }
}
