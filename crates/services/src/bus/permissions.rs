//! Permissions: statements of a bus's policy, one by one or the whole of it.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html>

use serde_json::{Value, json};
use trainyard_domain::{Principal, Scope};

use super::{Bus, Error, EventBus};
use crate::{policy::Document, violations::Violations};

/// A policy has at most so many characters.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
const LONGEST: usize = 10_240;

/// What others may do from now on.
#[derive(Clone, Debug, PartialEq)]
pub enum Permission {
    /// One statement, in place of the one with its name.
    Statement(Statement),
    /// One statement as a policy has it, in place of the one with its `Sid`.
    Written(Value),
    /// The whole policy, as JSON text.
    Policy(String),
    /// The statements of one policy in place of those of another, both as JSON text: statements of others stay.
    Replaced {
        /// Those that were put before, if any: they go.
        before: Option<String>,
        /// Those that are to be there, if any.
        now: Option<String>,
    },
}

/// One statement of a policy, as EventBridge's own short form has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// Its name.
    pub id: Option<String>,
    /// `events:PutEvents`.
    pub action: Option<String>,
    /// An account, or `*`.
    pub principal: Option<String>,
    /// Operator, key and value of a condition.
    pub condition: Option<[String; 3]>,
}

impl Bus {
    /// Lets others do something with the bus.
    pub async fn permit(
        &self,
        scope: &Scope,
        by: &Principal,
        bus: Option<&str>,
        permission: Permission,
    ) -> Result<(), Error> {
        let changed = self.change_bus(scope, bus, (by, "events:PutPermission"), |bus| {
            let policy = match permission {
                Permission::Policy(text) => text,
                Permission::Statement(statement) => added(bus, statement.written(bus)?)?,
                Permission::Written(statement) => added(bus, statement)?,
                Permission::Replaced { before, now } => match replaced(bus, before, now)? {
                    Some(policy) => policy,
                    None => {
                        bus.policy = None;
                        return Ok(());
                    }
                },
            };
            if policy.chars().count() > LONGEST {
                return Err(Error::LongPolicy);
            }
            Document::read(&policy)
                .map_err(|why| Error::Invalid(format!("The policy cannot be used. Reason: {why}.")))?;
            bus.policy = Some(policy);
            Ok(())
        });
        changed.await.map(drop)
    }

    /// Takes back the permission of that name; without a name all of them.
    pub async fn forbid(
        &self,
        scope: &Scope,
        by: &Principal,
        bus: Option<&str>,
        statement: Option<&str>,
    ) -> Result<(), Error> {
        let changed = self.change_bus(scope, bus, (by, "events:RemovePermission"), |bus| {
            bus.policy = match statement {
                None => None,
                Some(id) => without(bus, id)?,
            };
            Ok(())
        });
        changed.await.map(drop)
    }
}

/// The bus's policy with this statement in it.
fn added(bus: &EventBus, statement: Value) -> Result<String, Error> {
    let mut policy = written(bus)?;
    let statements = statements(&mut policy)?;
    match statements.iter_mut().find(|old| old["Sid"] == statement["Sid"]) {
        Some(old) => *old = statement,
        None => statements.push(statement),
    }
    Ok(policy.to_string())
}

/// The bus's policy with the statements of `now` in place of those of `before`; nothing where none is left. A statement
/// is known by its name, or by what it says.
fn replaced(bus: &EventBus, before: Option<String>, now: Option<String>) -> Result<Option<String>, Error> {
    let mut old = before.map_or_else(|| Ok(empty()), |text| read(&text))?;
    let mut new = now.map_or_else(|| Ok(empty()), |text| read(&text))?;
    let (old, own) = (statements(&mut old)?, statements(&mut new)?);
    let is_own = |statement: &Value| {
        let is_same = |own: &Value| match (&own["Sid"], &statement["Sid"]) {
            (Value::Null, Value::Null) => own == statement,
            (own, named) => own == named,
        };
        old.iter().any(is_same) || own.iter().any(is_same)
    };
    let mut there = written(bus)?;
    let mut others = std::mem::take(statements(&mut there)?);
    others.retain(|statement| !is_own(statement));
    own.append(&mut others);
    Ok((!own.is_empty()).then(|| new.to_string()))
}

impl Statement {
    fn written(&self, bus: &EventBus) -> Result<Value, Error> {
        let missing = |member: &str| Error::Invalid(format!("Parameter {member} must be specified."));
        let id = self.id.as_deref().ok_or_else(|| missing("StatementId"))?;
        let action = self.action.as_deref().ok_or_else(|| missing("Action"))?;
        let principal = self.principal.as_deref().ok_or_else(|| missing("Principal"))?;
        let mut wrong = Violations::default();
        let of_id = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
        wrong.pattern(id.bytes().all(of_id), (id, "statementId"), "[a-zA-Z0-9-_]+");
        wrong.length((id, "statementId"), 1, 64);
        let is_account = principal.len() == 12 && principal.bytes().all(|b| b.is_ascii_digit());
        wrong.pattern(is_account || principal == "*", (principal, "principal"), "(\\d{12}|\\*)");
        wrong.finish().map_err(Error::Invalid)?;
        if action != "events:PutEvents" {
            return Err(Error::Invalid("Provided value in parameter 'action' is not supported.".to_owned()));
        }
        let who = match principal {
            "*" => json!("*"),
            account => json!({"AWS": format!("arn:aws:iam::{account}:root")}),
        };
        let mut statement = json!({
            "Sid": id, "Effect": "Allow", "Principal": who, "Action": action, "Resource": bus.arn(),
        });
        if let Some([operator, key, value]) = &self.condition {
            statement["Condition"] = json!({operator: {key: value}});
        }
        Ok(statement)
    }
}

/// The bus's policy without the statement of that name; nothing where it was the last.
fn without(bus: &EventBus, id: &str) -> Result<Option<String>, Error> {
    let mut policy = written(bus)?;
    let statements = statements(&mut policy)?;
    let before = statements.len();
    statements.retain(|statement| statement["Sid"] != id);
    if statements.len() == before {
        return Err(Error::NoStatement);
    }
    Ok((!statements.is_empty()).then(|| policy.to_string()))
}

/// The policy as JSON, or a new one.
fn written(bus: &EventBus) -> Result<Value, Error> {
    bus.policy.as_deref().map_or_else(|| Ok(empty()), read)
}

fn empty() -> Value {
    json!({"Version": "2012-10-17", "Statement": []})
}

fn read(policy: &str) -> Result<Value, Error> {
    let policy: Value = serde_json::from_str(policy).map_err(|e| Error::Invalid(e.to_string()))?;
    if policy.is_object() { Ok(policy) } else { Err(Error::Invalid("the policy is no object".to_owned())) }
}

fn statements(policy: &mut Value) -> Result<&mut Vec<Value>, Error> {
    let statement = &mut policy["Statement"];
    if !statement.is_array() {
        *statement = json!([statement.take()]);
    }
    statement.as_array_mut().ok_or_else(|| Error::Invalid("the policy has no statements".to_owned()))
}
