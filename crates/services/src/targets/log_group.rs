//! Rules that write into log groups.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-log-data.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;
use trainyard_domain::{Arn, Scope, Timestamp, job::LogLine};
use trainyard_store::Changes;

use crate::{
    bus::{Delivery, DeliveryError, ErrorCode, Target},
    ground::uuid_from,
    logs::{Error, Gate, Logs, StreamName},
};

/// Who writes, as resource policies know it.
const SERVICE: &str = "events.amazonaws.com";
const HOUR: i64 = 3600 * 1000;

/// So many deliveries are written at once, at most.
const TOGETHER: usize = 64;

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
        let written = self.deliver_all(vec![(delivery, Changes::new())]).await.pop();
        written.unwrap_or(Ok(Changes::new())).map(drop)
    }

    fn together(&self) -> usize {
        TOGETHER
    }

    /// All that goes into one stream is written at once.
    async fn deliver_all(&self, several: Vec<(&Delivery, Changes)>) -> Vec<Result<Changes, DeliveryError>> {
        let Some((Delivery { target, .. }, _)) = several.first() else { return Vec::new() };
        let group = self.open(target).await;
        let mut streams: BTreeMap<Stream<'_>, Vec<LogLine>> = BTreeMap::new();
        for (delivery, _) in &several {
            streams.entry(stream(delivery)).or_default().push(line(delivery));
        }
        let mut came = BTreeMap::new();
        for (stream, lines) in streams {
            let written = match &group {
                Ok(group) => self.write(group, stream, lines).await,
                Err(refused) => Err(refused.clone()),
            };
            came.insert(stream, written);
        }
        let of = |delivery| came.get(&stream(delivery)).cloned().unwrap_or(Ok(()));
        several.into_iter().map(|(delivery, done)| of(delivery).map(|()| done)).collect()
    }
}

/// What a stream is of, in one group: a rule, and an hour.
type Stream<'d> = (&'d Arn, i64);

fn stream(delivery: &Delivery) -> Stream<'_> {
    (&delivery.rule, delivery.event.received().millis() / HOUR)
}

/// A group that is there.
struct Group<'d> {
    target: &'d Arn,
    scope: Scope,
    name: &'d str,
    gate: Gate,
}

impl LogGroup {
    async fn open<'d>(&self, target: &'d Arn) -> Result<Group<'d>, DeliveryError> {
        let (scope, name) = target.scope().zip(name(target)).ok_or_else(|| {
            DeliveryError::lasting(ErrorCode::InvalidParameter, format!("{target} is no log group"))
        })?;
        match self.0.group(&scope, name).await {
            Ok(_) => {}
            Err(Error::NoGroup) => {
                let message = format!("The log group {name} does not exist.");
                return Err(DeliveryError::lasting(ErrorCode::NoResource, message));
            }
            Err(error) => return Err(DeliveryError::of(&error)),
        }
        let gate = self.0.gate(&scope).await.map_err(|error| DeliveryError::of(&error))?;
        Ok(Group { target, scope, name, gate })
    }

    async fn write(
        &self,
        group: &Group<'_>,
        (rule, hour): Stream<'_>,
        lines: Vec<LogLine>,
    ) -> Result<(), DeliveryError> {
        let Group { target, scope, name, gate } = group;
        let stream = uuid_from(&[&rule.to_string(), &target.to_string(), &hour.to_string()]);
        let written = Arn { resource: format!("log-group:{name}:log-stream:{stream}"), ..(*target).clone() };
        if gate.denies(SERVICE, (&written, rule)) {
            let message = format!("a resource policy denies {SERVICE} to write into {name}");
            return Err(DeliveryError::lasting(ErrorCode::NoPermissions, message));
        }
        let name = StreamName { scope: scope.clone(), group: (*name).to_owned(), stream };
        self.0.add(&name, lines).await.map_err(|error| DeliveryError::of(&error))
    }
}

/// The group's name; its ARN may end with `:*`.
fn name(arn: &Arn) -> Option<&str> {
    let name = arn.resource_of("log-group")?;
    let name = name.strip_suffix(":*").unwrap_or(name);
    (!name.is_empty() && !name.contains(':')).then_some(name)
}

/// What is written of a delivery.
fn line(delivery: &Delivery) -> LogLine {
    let time = delivery.event.time;
    match &delivery.input {
        None => LogLine { time, text: delivery.input_text() },
        Some(input) => made(input, time),
    }
}

/// A rule that transforms its events says the time itself, in the shape that AWS has for it.
fn made(input: &Value, time: Timestamp) -> LogLine {
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
    use trainyard_domain::{Event, Principal, event::Way};
    use trainyard_store::Store;

    use super::*;
    use crate::{
        ground::Ground,
        logs::{EventsQuery, StreamsQuery},
    };

    fn delivery(rule: &str, n: i64) -> Delivery {
        let scope = Scope::default_scope();
        Delivery {
            id: n.to_string(),
            rule: Arn::new("events", &scope, format!("rule/{rule}")),
            target: Arn::new("logs", &scope, "log-group:/aws/events/all:*"),
            role: None,
            group: None,
            event: Event {
                id: n.to_string(),
                scope: scope.clone(),
                bus: "default".into(),
                // Half an hour after each other.
                time: Timestamp(n * HOUR / 2),
                source: "app".into(),
                detail_type: "Told".into(),
                resources: Vec::new(),
                detail: json!({}),
                way: Way::default(),
            },
            input: Some(json!(format!("{rule} {n}"))),
            http: None,
            scope,
        }
    }

    #[tokio::test]
    async fn a_handful_goes_into_the_streams_of_its_rules_and_hours() {
        let folder = tempfile::tempdir().unwrap();
        let ground = Ground::new(Store::in_memory().await.unwrap());
        let logs = Logs::open(ground, folder.path()).unwrap();
        let (target, scope) = (LogGroup(logs.clone()), Scope::default_scope());
        assert_eq!(target.together(), 64);
        let handful =
            [delivery("a", 0), delivery("b", 0), delivery("a", 1), delivery("a", 2), delivery("no", 3)];
        let deliver = async || {
            let several = handful.iter().map(|delivery| (delivery, Changes::new())).collect();
            let came: Vec<Result<Changes, DeliveryError>> = target.deliver_all(several).await;
            came.into_iter().map(|came| came.err().map(|error| error.to_string())).collect::<Vec<_>>()
        };
        let none = Some("The log group /aws/events/all does not exist.".to_owned());
        assert_eq!(deliver().await, vec![none; 5]);
        logs.create_group(crate::logs::LogGroup::new(&scope, "/aws/events/all", Timestamp(0))).await.unwrap();
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Principal": {"Service": SERVICE}, "Action": "logs:PutLogEvents", "Resource": "*",
            "Condition": {"ArnLike": {"aws:SourceArn": handful[4].rule.to_string()}},
        }]});
        logs.put_policy(&scope, &Principal::root(&scope), "p", policy.to_string()).await.unwrap();
        let came = deliver().await;
        assert_eq!(came[..4], [None, None, None, None]);
        assert!(came[4].as_ref().is_some_and(|why| why.contains("denies")), "{came:?}");
        let streams = logs.streams(
            &scope,
            StreamsQuery { group: "/aws/events/all".into(), limit: 10, ..StreamsQuery::default() },
        );
        let mut found = Vec::new();
        for held in streams.await.unwrap().items {
            let page = logs.events(&held.value.stream(), &EventsQuery::default()).await.unwrap();
            found.push(page.events.into_iter().map(|event| event.message).collect::<Vec<_>>());
        }
        found.sort_unstable();
        assert_eq!(found, [vec!["a 0", "a 1"], vec!["a 2"], vec!["b 0"]]);
    }

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
            let line = made(&input, Timestamp(7));
            assert_eq!((line.time.millis(), line.text.as_str()), (time, text));
        };
        check(json!({"id": "e"}), 7, "{\"id\":\"e\"}");
        check(json!("said"), 7, "said");
        check(json!({"timestamp": 9, "message": "said"}), 9, "said");
        check(json!({"timestamp": "9", "message": "said"}), 7, "{\"timestamp\":\"9\",\"message\":\"said\"}");
    }
}
