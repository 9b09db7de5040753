//! Who may do what with a bus. Pure.
//!
//! The account that a bus is in may do everything that the bus's policy does not deny. Other accounts may do what it
//! allows.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html>

use trainyard_domain::{AccountId, Arn, Principal};

use crate::policy::{Asker, Document, Request, Verdict};

/// The one action of a bus that others ask for.
const PUT_EVENTS: &str = "events:PutEvents";

/// Somebody who would tell an event on a bus.
pub(super) struct Teller<'a> {
    /// Who.
    pub(super) by: &'a Principal,
    /// The rule that tells in their name.
    pub(super) rule: Option<&'a Arn>,
    /// The event's source.
    pub(super) source: &'a str,
    /// What kind of event it is.
    pub(super) detail_type: &'a str,
}

impl Teller<'_> {
    /// Refuses, in AWS's words, what the bus's policy does not let in.
    pub(super) fn admit(
        &self,
        bus: &Arn,
        owner: &AccountId,
        policy: Option<&Document>,
    ) -> Result<(), String> {
        let invocation = if self.rule.is_some() { "true" } else { "false" };
        let facts = [
            ("events:source", self.source),
            ("events:detail-type", self.detail_type),
            ("events:eventbusinvocation", invocation),
        ];
        let request = Request {
            by: Asker::Principal(self.by),
            action: PUT_EVENTS,
            resource: bus,
            source: self.rule,
            facts: &facts,
        };
        let why = match policy.map_or(Verdict::Silent, |policy| policy.judge(&request)) {
            Verdict::Allowed => return Ok(()),
            Verdict::Silent if self.by.account == *owner => return Ok(()),
            Verdict::Silent => format!("because no resource-based policy allows the {PUT_EVENTS} action"),
            Verdict::Denied => "with an explicit deny in a resource-based policy".to_owned(),
        };
        let who = &self.by.arn;
        Err(format!("User: {who} is not authorized to perform: {PUT_EVENTS} on resource: {bus} {why}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use trainyard_domain::Scope;

    use super::*;

    #[track_caller]
    fn check(account: &str, policy: Option<Value>, allowed: bool) {
        let owner = Scope::default_scope();
        let theirs: Scope = format!("{account}/us-east-1").parse().unwrap();
        let bus = Arn::new("events", &owner, "event-bus/team");
        let by = Principal::root(&theirs);
        let teller = Teller { by: &by, rule: None, source: "app", detail_type: "Told" };
        let policy = policy.map(|statement| {
            Document::read(&json!({"Version": "2012-10-17", "Statement": statement}).to_string()).unwrap()
        });
        let admitted = teller.admit(&bus, &owner.account, policy.as_ref());
        assert_eq!(admitted.is_ok(), allowed, "{admitted:?}");
    }

    #[test]
    fn others_need_a_policy_and_the_owner_needs_none() {
        let own = Scope::default_scope().account.to_string();
        let other = "111111111111";
        check(&own, None, true);
        check(other, None, false);
        let say = |effect: &str, more: Value| {
            let mut statement = json!({
                "Sid": "s", "Effect": effect, "Principal": "*", "Action": "events:PutEvents", "Resource": "*",
            });
            statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Some(statement)
        };
        check(other, say("Allow", json!({})), true);
        check(&own, say("Deny", json!({})), false);
        check(other, say("Allow", json!({"Principal": {"AWS": "arn:aws:iam::111111111111:root"}})), true);
        check(other, say("Allow", json!({"Principal": {"AWS": "arn:aws:iam::222222222222:root"}})), false);
        check(other, say("Allow", json!({"Action": "events:PutRule"})), false);
        let from = |source: &str| json!({"Condition": {"StringEquals": {"events:source": source}}});
        check(other, say("Allow", from("app")), true);
        check(other, say("Allow", from("aws.ec2")), false);
    }
}
