//! From members to typed inputs, and from typed answers to members.

use std::{ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};
use serde_json::Value;
use trainyard_domain::typed;
use trainyard_services::violations::Violations;

use crate::{ApiError, Context};

/// The typed input. What does not fit is refused and the message names the member: an unknown or missing one with the
/// service's code for invalid input, a wrong type with `SerializationException`.
pub fn parse<T: DeserializeOwned>(context: &Context, input: Value) -> Result<T, ApiError> {
    let input = if input.is_null() { Value::Object(serde_json::Map::new()) } else { input };
    typed::read(input).map_err(|misfit| refuse(context.service.invalid, &misfit.place(), &misfit.message))
}

/// The members of a typed answer; `()` gives none.
pub fn answer<T: Serialize>(answer: &T) -> Result<Value, ApiError> {
    match serde_json::to_value(answer).map_err(ApiError::internal)? {
        Value::Null => Ok(Value::Object(serde_json::Map::new())),
        value => Ok(value),
    }
}

/// The number, if it is in the range that AWS's model has for the member; otherwise that is refused in its words.
pub fn within(
    number: usize,
    member: &str,
    range: RangeInclusive<u32>,
    code: &'static str,
) -> Result<usize, ApiError> {
    let mut violations = Violations::default();
    violations.range(u32::try_from(number).unwrap_or(u32::MAX), member, range);
    violations.finish().map_err(|reason| ApiError::invalid(code, reason))?;
    Ok(number)
}

/// For `#[serde(default, deserialize_with = "input::number")]`: a number, also as the text that forms have.
pub fn number<'de, D, N>(from: D) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: FromStr + TryFrom<u64>,
{
    let wrong = |value: &Value| D::Error::custom(format!("`{value}` is not a number that fits"));
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) => text.parse().map(Some).map_err(|_| wrong(&text.into())),
        value => match value.as_u64().and_then(|number| N::try_from(number).ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(wrong(&value)),
        },
    }
}

fn refuse(invalid: &'static str, path: &str, reason: &str) -> ApiError {
    let place = if path.is_empty() { "the input".to_owned() } else { format!("member `{path}`") };
    if let Some(name) = quoted(reason, "missing field `") {
        // AWS's own wording: clients show it as it is.
        let at = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let message = format!(
            "1 validation error detected: Value null at '{at}' failed to satisfy constraint: Member must not be null"
        );
        return ApiError::invalid(invalid, message);
    }
    if quoted(reason, "unknown field `").is_some() {
        return ApiError::invalid(invalid, format!("{place} is not known or not supported here: {reason}"));
    }
    if let Some(value) = quoted(reason, "unknown variant `") {
        let known: Vec<&str> = reason.split('`').skip(3).step_by(2).collect();
        let message = format!(
            "1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
            known.join(", ")
        );
        return ApiError::invalid(invalid, message);
    }
    if reason.starts_with("invalid type") {
        return ApiError::invalid("SerializationException", format!("{place}: {reason}"));
    }
    ApiError::invalid(invalid, format!("{place}: {reason}"))
}

fn quoted<'a>(reason: &'a str, before: &str) -> Option<&'a str> {
    reason.strip_prefix(before)?.split('`').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code, reason = "only its refusal is looked at")]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code, reason = "only its refusal is looked at")]
        name: String,
        #[allow(dead_code, reason = "only its refusal is looked at")]
        size: Option<Size>,
    }

    #[derive(Debug, Deserialize)]
    enum Size {
        Small,
        Large,
    }

    fn check(input: Value, code: &str, message: &str) {
        let misfit = typed::read::<Outer>(input).unwrap_err();
        let error = refuse("ValidationException", &misfit.place(), &misfit.message);
        assert_eq!(error.code, code);
        assert!(error.message.contains(message), "{}", error.message);
    }

    #[test]
    fn refusals_name_the_member() {
        check(json!({}), "ValidationException", "Value null at 'inner'");
        check(json!({"inner": [{}]}), "ValidationException", "Value null at 'inner[0].name'");
        check(json!({"inner": [{"name": 1}]}), "SerializationException", "`inner[0].name`");
        check(
            json!({"inner": [{"name": "a", "size": "Vast"}]}),
            "ValidationException",
            "Value 'Vast' at 'inner[0].size' failed to satisfy constraint: Member must satisfy enum value set: [Small, Large]",
        );
        check(json!({"inner": [], "tracing": {}}), "ValidationException", "`tracing`");
        check(json!([]), "SerializationException", "the input");
        check(json!({"inner": [["a"]]}), "SerializationException", "`inner[0]`");
    }
}
