//! Who may assume a role. Pure, but for looking the role up.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html>

use serde_json::Value;
use trainyard_domain::Arn;
use trainyard_store::{Error, Store};

use super::Role;

/// Whether the service may assume the role. A role that was not made here is taken at its word.
pub async fn may_assume(store: &Store, role: &Arn, service: &str) -> Result<bool, Error> {
    let name = role.resource.rsplit('/').next().unwrap_or_default();
    let held = store.get::<Role>(&role.account, name).await?;
    Ok(held.is_none_or(|held| trusts(&held.value.trust_policy, service)))
}

/// Whether a trust policy lets the service assume the role. Its conditions are not looked at.
pub fn trusts(policy: &str, service: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else { return false };
    let lists = |value: &Value, wanted: &dyn Fn(&str) -> bool| match value {
        Value::String(text) => wanted(text),
        Value::Array(items) => items.iter().filter_map(Value::as_str).any(wanted),
        _ => false,
    };
    let allows = |statement: &Value| {
        let who = &statement["Principal"];
        let trusted = who == "*" || lists(&who["Service"], &|named| named == service || named == "*");
        let assumes = |action: &str| ["sts:AssumeRole", "sts:*", "*"].contains(&action);
        statement["Effect"] == "Allow" && trusted && lists(&statement["Action"], &assumes)
    };
    match &policy["Statement"] {
        Value::Array(statements) => statements.iter().any(allows),
        statement => allows(statement),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SCHEDULER: &str = "scheduler.amazonaws.com";

    #[test]
    fn trust_is_read_from_the_policy() {
        let check = |statement: Value, expect: bool| {
            let policy = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
            assert_eq!(trusts(&policy, SCHEDULER), expect, "{policy}");
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
        assert!(!trusts("no json", SCHEDULER));
    }
}
