//! Who may assume a role. Pure, but for looking the role up.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html>

use serde_json::{Value, json};
use trainyard_domain::Arn;
use trainyard_store::{Error, Store};

use super::Role;
use crate::policy::{Asker, Document, Request, Verdict};

/// Whether the service may assume the role. A role that was not made here is taken at its word.
pub async fn may_assume(store: &Store, role: &Arn, service: &str) -> Result<bool, Error> {
    let name = role.resource.rsplit('/').next().unwrap_or_default();
    let held = store.get::<Role>(&role.account, name).await?;
    Ok(held.is_none_or(|held| trusts(&held.value, service)))
}

/// Whether the role's trust policy lets the service assume it: a statement allows it and none denies it.
///
/// Conditions are not looked at: a statement counts as if they held, one that denies too. A policy with a statement that
/// cannot be judged lets nobody in.
pub fn trusts(role: &Role, service: &str) -> bool {
    lets_in(&role.trust_policy, &role.arn, service)
}

fn lets_in(policy: &str, role: &Arn, service: &str) -> bool {
    let request = Request {
        by: Asker::Service(service),
        action: "sts:AssumeRole",
        resource: role,
        source: None,
        facts: &[],
    };
    let document = serde_json::from_str(policy).ok().map(as_resource_policy);
    let document = document.and_then(|document| Document::read(&document.to_string()).ok());
    document.is_some_and(|document| document.judge(&request) == Verdict::Allowed)
}

/// The trust policy as a resource policy of the role: it names no resource, and may speak of others than accounts and
/// services, who are nobody that asks here.
fn as_resource_policy(mut policy: Value) -> Value {
    let statements: Vec<&mut Value> = match policy.get_mut("Statement") {
        Some(Value::Array(statements)) => statements.iter_mut().collect(),
        statement => statement.into_iter().collect(),
    };
    for statement in statements.into_iter().filter_map(Value::as_object_mut) {
        statement.remove("Condition");
        statement.entry("Resource").or_insert_with(|| json!("*"));
        if let Some(Value::Object(kinds)) = statement.get_mut("Principal") {
            kinds.retain(|kind, _| kind == "AWS" || kind == "Service");
        }
    }
    policy
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SCHEDULER: &str = "scheduler.amazonaws.com";

    fn role() -> Arn {
        "arn:aws:iam::000000000000:role/runs".parse().unwrap()
    }

    #[test]
    fn trust_is_read_from_the_policy() {
        let check = |statement: Value, expect: bool| {
            let policy = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
            assert_eq!(lets_in(&policy, &role(), SCHEDULER), expect, "{policy}");
        };
        let allow = |service: Value| json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"});
        check(allow(json!(SCHEDULER)), true);
        check(
            json!([allow(json!("events.amazonaws.com")), allow(json!(["ecs.amazonaws.com", SCHEDULER]))]),
            true,
        );
        check(json!([allow(json!("events.amazonaws.com"))]), false);
        check(
            json!([{"Effect": "Deny", "Principal": {"Service": SCHEDULER}, "Action": "sts:AssumeRole"}]),
            false,
        );
        check(
            json!([{"Effect": "Allow", "Principal": {"Service": SCHEDULER}, "Action": "sts:TagSession"}]),
            false,
        );
        check(json!([]), false);
        for text in ["no json", "[]", "1", "{}"] {
            assert!(!lets_in(text, &role(), SCHEDULER), "{text}");
        }
    }

    #[test]
    fn actions_are_compared_as_in_every_policy_and_a_denial_counts_for_more() {
        let check = |actions: &[(&str, &str)], expect: bool| {
            let statement = |(effect, action): &(&str, &str)| {
                let who = json!({"Service": SCHEDULER, "Federated": "accounts.example"});
                let condition = json!({"StringEquals": {"sts:ExternalId": "x"}});
                json!({"Effect": effect, "Principal": who, "Action": action, "Condition": condition})
            };
            let statements: Vec<Value> = actions.iter().map(statement).collect();
            let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
            assert_eq!(lets_in(&policy, &role(), SCHEDULER), expect, "{policy}");
        };
        for action in ["sts:AssumeRole", "sts:assumerole", "STS:Assume*", "sts:*", "*"] {
            check(&[("Allow", action)], true);
            check(&[("Allow", "*"), ("Deny", action)], false);
            check(&[("Deny", action), ("Allow", "sts:AssumeRole")], false);
        }
        check(&[("Allow", "sts:AssumeRoleWith*")], false);
        check(&[("Allow", "sts:AssumeRole"), ("Deny", "sts:TagSession")], true);
    }
}
