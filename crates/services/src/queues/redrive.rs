//! Where messages go that nobody could use. Pure.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trainyard_domain::Arn;

use super::QueueName;

/// A `RedrivePolicy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Redrive {
    /// The queue that takes them.
    pub to: Arn,
    /// A message is taken away when it would be received once more than this.
    pub after: u32,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    dead_letter_target_arn: Arn,
    /// A number, also as text.
    max_receive_count: Value,
}

impl TryFrom<Written> for Redrive {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let count = match &written.max_receive_count {
            Value::String(text) => text.parse().ok(),
            value => value.as_u64().and_then(|count| u32::try_from(count).ok()),
        };
        let after = count
            .filter(|count| (1..=1000).contains(count))
            .ok_or_else(|| "Invalid value for maxReceiveCount: it is 1 to 1000".to_owned())?;
        let to = written.dead_letter_target_arn;
        if QueueName::of_arn(&to).is_none() {
            return Err(format!("Dead letter target {to} is not the ARN of a queue"));
        }
        Ok(Self { to, after })
    }
}

impl From<Redrive> for Written {
    fn from(Redrive { to, after }: Redrive) -> Self {
        Self { dead_letter_target_arn: to, max_receive_count: after.into() }
    }
}

impl Redrive {
    /// As the attribute shows it.
    pub(super) fn text(&self) -> String {
        json!({"deadLetterTargetArn": self.to, "maxReceiveCount": self.after}).to_string()
    }
}

/// A `RedriveAllowPolicy`: whose dead letters a queue takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenPermission", into = "WrittenPermission")]
pub enum Permission {
    /// Everybody's.
    All,
    /// Nobody's.
    None,
    /// Those of these queues.
    Only(Vec<Arn>),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenPermission {
    redrive_permission: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_queue_arns: Option<Vec<Arn>>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    AllowAll,
    DenyAll,
    ByQueue,
}

impl TryFrom<WrittenPermission> for Permission {
    type Error = String;

    fn try_from(written: WrittenPermission) -> Result<Self, String> {
        match (written.redrive_permission, written.source_queue_arns) {
            (Kind::AllowAll, None) => Ok(Self::All),
            (Kind::DenyAll, None) => Ok(Self::None),
            (Kind::ByQueue, Some(arns)) if (1..=10).contains(&arns.len()) => Ok(Self::Only(arns)),
            _ => Err("sourceQueueArns has 1 to 10 ARNs with byQueue, and is not there otherwise".to_owned()),
        }
    }
}

impl From<Permission> for WrittenPermission {
    fn from(permission: Permission) -> Self {
        let (redrive_permission, source_queue_arns) = match permission {
            Permission::All => (Kind::AllowAll, None),
            Permission::None => (Kind::DenyAll, None),
            Permission::Only(arns) => (Kind::ByQueue, Some(arns)),
        };
        Self { redrive_permission, source_queue_arns }
    }
}

impl Permission {
    /// As the attribute shows it.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether the queue's dead letters are taken.
    pub(super) fn takes_from(&self, source: &Arn) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(arns) => arns.contains(source),
        }
    }
}
