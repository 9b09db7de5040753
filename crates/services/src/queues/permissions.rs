//! Permissions: statements of the queue's policy, made without writing it.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html>

use serde_json::{Value, json};

use super::{Caller, Error, Queue, QueueName, Queues};

/// The actions that can be given to others.
const ACTIONS: [&str; 8] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
];

/// What accounts may do from now on.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its name among the queue's permissions.
    pub label: String,
    /// Which accounts.
    pub accounts: Vec<String>,
    /// Which actions, without `sqs:`.
    pub actions: Vec<String>,
}

impl Queues {
    /// Adds a permission to the queue's policy.
    pub async fn permit(&self, caller: &Caller<'_>, name: &QueueName, grant: &Grant) -> Result<(), Error> {
        grant.check()?;
        self.change(caller, name, "sqs:AddPermission", |queue, now| {
            let mut policy = written(queue)?;
            let statements = statements(&mut policy)?;
            if statements.iter().any(|statement| statement["Sid"] == grant.label.as_str()) {
                return Err(Error::parameter(&grant.label, "Label", "Already exists."));
            }
            statements.push(grant.statement(queue));
            queue.settings.policy = Some(policy.to_string());
            queue.modified = now;
            Ok(())
        })
        .await
    }

    /// Takes a permission out of the queue's policy.
    pub async fn forbid(&self, caller: &Caller<'_>, name: &QueueName, label: &str) -> Result<(), Error> {
        self.change(caller, name, "sqs:RemovePermission", |queue, now| {
            let mut policy = written(queue)?;
            let statements = statements(&mut policy)?;
            let before = statements.len();
            statements.retain(|statement| statement["Sid"] != label);
            if statements.len() == before {
                let reason = "can't find label on existing policy.";
                return Err(Error::parameter(label, "Label", reason));
            }
            queue.settings.policy = (!statements.is_empty()).then(|| policy.to_string());
            queue.modified = now;
            Ok(())
        })
        .await
    }
}

impl Grant {
    fn check(&self) -> Result<(), Error> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
        if self.label.is_empty() || self.label.len() > 80 || !self.label.bytes().all(legal) {
            let reason =
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.";
            return Err(Error::parameter(&self.label, "Label", reason));
        }
        if self.actions.is_empty() {
            return Err(Error::Missing("Actions"));
        }
        if self.accounts.is_empty() {
            return Err(Error::Missing("PrincipalId"));
        }
        let is_account = |id: &&String| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
        if let Some(wrong) = self.accounts.iter().find(|id| !is_account(id)) {
            return Err(Error::parameter(wrong, "PrincipalId", "Unable to verify."));
        }
        let known = |action: &&String| ACTIONS.contains(&action.as_str()) || *action == "SendMessage";
        match self.actions.iter().find(|action| !known(action)) {
            Some(wrong) => {
                let mut all = ACTIONS.to_vec();
                all.push("SendMessage");
                let reason = format!("Only the actions {} can be given.", all.join(", "));
                Err(Error::parameter(format!("SQS:{wrong}"), "ActionName", &reason))
            }
            None => Ok(()),
        }
    }

    fn statement(&self, queue: &Queue) -> Value {
        let accounts: Vec<String> =
            self.accounts.iter().map(|account| format!("arn:aws:iam::{account}:root")).collect();
        let actions: Vec<String> = self.actions.iter().map(|action| format!("SQS:{action}")).collect();
        json!({
            "Sid": self.label,
            "Effect": "Allow",
            "Principal": {"AWS": one_or_all(accounts)},
            "Action": one_or_all(actions),
            "Resource": queue.arn(),
        })
    }
}

/// A list of one is written as that one, as AWS does.
fn one_or_all(mut texts: Vec<String>) -> Value {
    match texts.len() {
        1 => texts.remove(0).into(),
        _ => texts.into(),
    }
}

/// The policy as JSON, or a new one.
fn written(queue: &Queue) -> Result<Value, Error> {
    match &queue.settings.policy {
        None => Ok(json!({
            "Version": "2008-10-17",
            "Id": format!("{}/SQSDefaultPolicy", queue.arn()),
            "Statement": [],
        })),
        Some(text) => serde_json::from_str(text).map_err(|e| Error::Invalid(e.to_string())),
    }
}

fn statements(policy: &mut Value) -> Result<&mut Vec<Value>, Error> {
    let statement = &mut policy["Statement"];
    if !statement.is_array() {
        *statement = json!([statement.take()]);
    }
    statement.as_array_mut().ok_or_else(|| Error::Invalid("the policy has no statements".to_owned()))
}
