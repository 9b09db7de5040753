//! Rules that write into log groups.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-log-data.html>

use async_trait::async_trait;
use serde_json::Value;
use trainyard_domain::{Arn, Timestamp, job::LogLine};

use crate::{
    bus::{Delivery, DeliveryError, ErrorCode, Target},
    ground::uuid_from,
    logs::{Logs, StreamName},
};

/// Who writes, as resource policies know it.
const SERVICE: &str = "events.amazonaws.com";
const HOUR: i64 = 3600 * 1000;

/// Writes the event, or what the rule makes of it, as one log event. The group must be there. A stream's name is a UUID,
/// as with AWS, and a target has one for each hour. A delivery that comes again after a crash may be written again.
pub struct LogGroup(pub Logs);

#[async_trait]
impl Target for LogGroup {
    fn takes(&self, arn: &Arn) -> bool {
        arn.service == "logs" && name(arn).is_some()
    }

    /// What lets events in is the group's resource policy.
    fn needs_role(&self) -> bool {
        false
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DeliveryError> {
        let Delivery { target, rule, event, .. } = delivery;
        let (scope, group) = target.scope().zip(name(target)).ok_or_else(|| {
            DeliveryError::lasting(ErrorCode::InvalidParameter, format!("{target} is no log group"))
        })?;
        let refused = |error: crate::logs::Error| DeliveryError::of(&error);
        let found = self.0.groups(&scope, group, 1, None).await.map_err(refused)?;
        if found.items.first().is_none_or(|held| held.value.name != group) {
            let message = format!("The log group {group} does not exist.");
            return Err(DeliveryError::lasting(ErrorCode::NoResource, message));
        }
        let hour = (event.received().millis() / HOUR).to_string();
        let stream = uuid_from(&[&rule.to_string(), &target.to_string(), &hour]);
        let written = Arn { resource: format!("log-group:{group}:log-stream:{stream}"), ..target.clone() };
        if self.0.is_denied(&scope, SERVICE, (&written, rule)).await.map_err(refused)? {
            let message = format!("a resource policy denies {SERVICE} to write into {group}");
            return Err(DeliveryError::lasting(ErrorCode::NoPermissions, message));
        }
        let name = StreamName { scope, group: group.to_owned(), stream };
        self.0.add(&name, vec![line(&delivery.input(), event.time)]).await.map_err(refused)
    }
}

/// The group's name; its ARN may end with `:*`.
fn name(arn: &Arn) -> Option<&str> {
    let name = arn.resource_of("log-group")?;
    let name = name.strip_suffix(":*").unwrap_or(name);
    (!name.is_empty() && !name.contains(':')).then_some(name)
}

/// What is written. A rule that transforms its events says the time itself, in the shape that AWS has for it.
fn line(input: &Value, time: Timestamp) -> LogLine {
    if let Value::Object(members) = input
        && let (2, Some(time), Some(Value::String(text))) =
            (members.len(), members.get("timestamp").and_then(Value::as_i64), members.get("message"))
    {
        return LogLine { time: Timestamp(time), text: text.clone() };
    }
    let text = match input {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    LogLine { time, text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_group_is_known_by_its_arn() {
        let check = |resource: &str, expect: Option<&str>| {
            let arn: Arn = format!("arn:aws:logs:us-east-1:000000000000:{resource}").parse().unwrap();
            assert_eq!(name(&arn), expect, "{resource}");
        };
        check("log-group:/aws/events/all", Some("/aws/events/all"));
        check("log-group:/aws/events/all:*", Some("/aws/events/all"));
        check("log-group:a:log-stream:b", None);
        check("log-group:", None);
        check("destination:a", None);
    }

    #[test]
    fn the_event_is_the_message_unless_the_rule_says_more() {
        let check = |input: Value, time, text: &str| {
            let line = line(&input, Timestamp(7));
            assert_eq!((line.time.millis(), line.text.as_str()), (time, text));
        };
        check(json!({"id": "e"}), 7, "{\"id\":\"e\"}");
        check(json!("said"), 7, "said");
        check(json!({"timestamp": 9, "message": "said"}), 9, "said");
        check(json!({"timestamp": "9", "message": "said"}), 7, "{\"timestamp\":\"9\",\"message\":\"said\"}");
    }
}
