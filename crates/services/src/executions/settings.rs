//! What is said about a state machine besides its definition: where its executions are logged, whether they are
//! traced, with which key their data are encrypted.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope};

use super::{Error, Executions};

/// How much is logged.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-log-level>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Every event.
    All,
    /// What went wrong.
    Error,
    /// What went wrong for good.
    Fatal,
    /// Nothing.
    #[default]
    Off,
}

/// Whether and where executions are logged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Logging {
    /// Where to, as it was given: none and an empty list are shown apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destinations: Option<Vec<Destination>>,
    /// Whether inputs and outputs are logged with the events.
    #[serde(default)]
    pub include_execution_data: bool,
    /// How much.
    #[serde(default)]
    pub level: Level,
}

/// Where something is logged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Destination {
    /// A group of CloudWatch Logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs_log_group: Option<Group>,
}

/// A log group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Group {
    /// Its ARN, which ends in `:*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group_arn: Option<String>,
}

/// With which key data are encrypted. Kept and shown: the data directory is as safe as the disk that it is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Encryption {
    /// Whose key.
    #[serde(rename = "type")]
    pub owner: KeyOwner,
    /// Which key, if it is the customer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// For how many seconds a data key is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_data_key_reuse_period_seconds: Option<u32>,
}

/// Whose key encrypts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyOwner {
    /// The service's own.
    #[default]
    AwsOwnedKey,
    /// The customer's.
    CustomerManagedKmsKey,
}

impl Default for Encryption {
    fn default() -> Self {
        Self { owner: KeyOwner::AwsOwnedKey, kms_key_id: None, kms_data_key_reuse_period_seconds: None }
    }
}

impl Encryption {
    /// A key of the customer's must be named, and only such a one can be.
    /// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_EncryptionConfiguration.html>
    pub(super) fn check(&self) -> Result<(), Error> {
        let refuse = |why: &str| Err(Error::Encryption(why.to_owned()));
        match (self.owner, &self.kms_key_id, self.kms_data_key_reuse_period_seconds) {
            (KeyOwner::AwsOwnedKey, None, None) => Ok(()),
            (KeyOwner::AwsOwnedKey, ..) => refuse(
                "kmsKeyId and kmsDataKeyReusePeriodSeconds go with the type CUSTOMER_MANAGED_KMS_KEY only",
            ),
            (KeyOwner::CustomerManagedKmsKey, None, _) => {
                refuse("kmsKeyId must be specified for the type CUSTOMER_MANAGED_KMS_KEY")
            }
            (KeyOwner::CustomerManagedKmsKey, Some(_), Some(seconds)) if !(60..=900).contains(&seconds) => {
                refuse("kmsDataKeyReusePeriodSeconds must be from 60 to 900")
            }
            (KeyOwner::CustomerManagedKmsKey, Some(_), _) => Ok(()),
        }
    }
}

impl Logging {
    /// The group that is logged to; none while nothing is logged.
    pub(super) fn group(&self) -> Option<String> {
        let destinations = self.destinations.as_deref().filter(|_| self.level != Level::Off)?;
        let arn: Arn = destinations.first()?.arn()?.parse().ok()?;
        group_of(&arn)
    }
}

impl Destination {
    fn arn(&self) -> Option<&str> {
        self.cloud_watch_logs_log_group.as_ref()?.log_group_arn.as_deref()
    }
}

impl Executions {
    /// Whether the destination is one, and there.
    pub(super) async fn check_logging(&self, scope: &Scope, logging: &Logging) -> Result<(), Error> {
        let destinations = logging.destinations.as_deref().unwrap_or_default();
        let off = logging.level == Level::Off;
        if destinations.len() > 1 || (!off && destinations.is_empty()) {
            return Err(Error::Logging("Must specify exactly one Log Destination."));
        }
        let Some(destination) = destinations.first().filter(|_| !off) else { return Ok(()) };
        let missing = || Error::Logging("Log Destination not found.");
        let arn: Arn = destination.arn().and_then(|arn| arn.parse().ok()).ok_or_else(missing)?;
        let group = group_of(&arn).filter(|_| arn.service == "logs" && arn.scope().as_ref() == Some(scope));
        let there = self.logs.group(scope, &group.ok_or_else(missing)?).await;
        there.map(drop).map_err(|error| match error {
            crate::logs::Error::Store(error) => Error::Store(error),
            _ => missing(),
        })
    }
}

/// `log-group:NAME:*`
fn group_of(arn: &Arn) -> Option<String> {
    let name = arn.resource.strip_prefix("log-group:")?;
    Some(name.strip_suffix(":*").unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(logging: Value, group: Option<&str>) {
        let logging: Logging = serde_json::from_value(logging).unwrap();
        assert_eq!(logging.group().as_deref(), group);
    }

    #[test]
    fn the_group_is_in_the_arn() {
        let to = |level: &str, arn: &str| {
            let group = json!({"cloudWatchLogsLogGroup": {"logGroupArn": arn}});
            json!({"level": level, "destinations": [group]})
        };
        let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/a/b";
        check(to("ALL", &format!("{arn}:*")), Some("/a/b"));
        check(to("FATAL", arn), Some("/a/b"));
        check(to("OFF", arn), None);
        check(to("ERROR", "nowhere"), None);
        check(json!({}), None);
    }

    #[test]
    fn keys_fit_their_owner() {
        let check = |value: Value| serde_json::from_value::<Encryption>(value).unwrap().check().is_ok();
        assert!(check(json!({"type": "AWS_OWNED_KEY"})));
        assert!(check(json!({"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k"})));
        assert!(!check(json!({"type": "CUSTOMER_MANAGED_KMS_KEY"})));
        assert!(!check(json!({"type": "AWS_OWNED_KEY", "kmsKeyId": "k"})));
        let late =
            json!({"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k", "kmsDataKeyReusePeriodSeconds": 1});
        assert!(!check(late));
    }
}
