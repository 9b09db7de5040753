//! What can be said about a state machine and is honoured only as long as it says nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ApiError;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Logging {
    level: Option<String>,
    #[serde(default)]
    include_execution_data: bool,
    #[serde(default)]
    destinations: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tracing {
    #[serde(default)]
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Encryption {
    #[serde(rename = "type")]
    kind: String,
}

/// All of it.
pub(super) struct Settings {
    pub(super) logging: Option<Logging>,
    pub(super) tracing: Option<Tracing>,
    pub(super) encryption: Option<Encryption>,
    pub(super) publish: bool,
}

impl Settings {
    /// Refuses by name what is asked for and not done.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let refuse = |code, member: &str, instead: &str| {
            Err(ApiError::invalid(code, format!("{member} is not supported yet: {instead}")))
        };
        if let Some(Logging { level, include_execution_data, destinations }) = &self.logging {
            let off = level.as_deref().is_none_or(|level| level == "OFF");
            if !off || *include_execution_data || !destinations.is_empty() {
                let instead = "only the level OFF is; the execution's history has all events";
                return refuse("InvalidLoggingConfiguration", "loggingConfiguration", instead);
            }
        }
        if self.tracing.as_ref().is_some_and(|tracing| tracing.enabled) {
            return refuse("InvalidTracingConfiguration", "tracingConfiguration.enabled", "leave it out");
        }
        if self.encryption.as_ref().is_some_and(|encryption| encryption.kind != "AWS_OWNED_KEY") {
            let instead = "only the type AWS_OWNED_KEY is";
            return refuse("InvalidEncryptionConfiguration", "encryptionConfiguration", instead);
        }
        if self.publish {
            return refuse("ValidationException", "publish", "versions of state machines come later");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(logging: Value, tracing: Value, encryption: Value) -> Option<String> {
        let settings = Settings {
            logging: serde_json::from_value(logging).unwrap(),
            tracing: serde_json::from_value(tracing).unwrap(),
            encryption: serde_json::from_value(encryption).unwrap(),
            publish: false,
        };
        settings.check().err().map(|error| error.code.into_owned())
    }

    #[test]
    fn only_what_says_nothing_is_taken() {
        let (off, none) = (json!({"level": "OFF"}), Value::Null);
        assert_eq!(check(off.clone(), json!({"enabled": false}), json!({"type": "AWS_OWNED_KEY"})), None);
        let all = json!({"level": "ALL"});
        assert_eq!(check(all, none.clone(), none.clone()).as_deref(), Some("InvalidLoggingConfiguration"));
        let on = json!({"enabled": true});
        assert_eq!(check(none.clone(), on, none.clone()).as_deref(), Some("InvalidTracingConfiguration"));
        let key = json!({"type": "CUSTOMER_MANAGED_KMS_KEY"});
        assert_eq!(check(off, none, key).as_deref(), Some("InvalidEncryptionConfiguration"));
    }
}
