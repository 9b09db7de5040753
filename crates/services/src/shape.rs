//! Reading a request's members into a shape: what is wrong is said by the member's name.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why a request does not fit its shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Misfit(pub String);

/// Reads a request. A member that the shape does not have is refused by name: either nobody knows it, or it is one
/// of AWS's that is not honoured here, and dropping it would be a lie.
pub fn read<T: DeserializeOwned>(request: Value) -> Result<T, Misfit> {
    serde_json::from_value(request).map_err(|error| Misfit(in_aws_words(&error.to_string())))
}

/// serde's `unknown field `X`, expected one of …` names every member there is; a person wants the one.
fn in_aws_words(message: &str) -> String {
    let named = |start: &str| message.strip_prefix(start).and_then(|rest| rest.split('`').next());
    if let Some(member) = named("unknown field `") {
        return format!("the member `{member}` is not supported here: leave it out");
    }
    if let Some(member) = named("missing field `") {
        return format!("the member `{member}` is missing");
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    #[allow(dead_code, reason = "only read into")]
    struct Shape {
        role_arn: String,
    }

    #[track_caller]
    fn check(request: Value, expect: &str) {
        assert_eq!(read::<Shape>(request).unwrap_err().0, expect);
    }

    #[test]
    fn members_are_named() {
        check(serde_json::json!({}), "the member `RoleArn` is missing");
        check(
            serde_json::json!({"RoleArn": "a", "VpcConfig": {}}),
            "the member `VpcConfig` is not supported here: leave it out",
        );
    }
}
