//! Trying a pattern on one event, without a rule.

use serde_json::Value;
use trainyard_lang::matcher::matches;

use super::{Error, matching::compile};

/// What an event must say of itself to be tried. AWS's page asks for `resources` too, and its service does not.
const MEMBERS: [&str; 6] = ["id", "account", "source", "time", "region", "detail-type"];

/// Whether the event, as its whole envelope, is one that the pattern waits for.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html>
pub fn try_pattern(pattern: &str, event: &str) -> Result<bool, Error> {
    let invalid = || Error::Invalid("Parameter Event is not valid.".to_owned());
    let pattern = compile(pattern).map_err(Error::Pattern)?;
    let event: Value = serde_json::from_str(event).map_err(|_| invalid())?;
    let whole = event.as_object().is_some_and(|event| MEMBERS.iter().all(|name| event.contains_key(*name)));
    if !whole {
        return Err(invalid());
    }
    // As it was read: a name that stood twice has one value.
    matches(&pattern, &event.to_string()).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Refusal;

    const EVENT: &str = r#"{"id": "1", "account": "000000000000", "source": "app", "time": "2026-01-01T00:00:00Z",
                            "region": "us-east-1", "detail-type": "Told", "detail": {"n": 3}}"#;

    fn code(pattern: &str, event: &str) -> &'static str {
        try_pattern(pattern, event).unwrap_err().code()
    }

    #[test]
    fn an_event_matches_or_does_not() {
        assert!(try_pattern(r#"{"detail": {"n": [{"numeric": [">", 2]}]}}"#, EVENT).unwrap());
        assert!(!try_pattern(r#"{"source": ["other"]}"#, EVENT).unwrap());
    }

    #[test]
    fn what_is_no_pattern_or_no_event_is_refused() {
        assert_eq!(code(r#"{"source": "app"}"#, EVENT), "InvalidEventPatternException");
        for event in ["", "plain", "[]", r#"{"id": "1"}"#, &EVENT.replace("\"id\"", "\"no\"")] {
            assert_eq!(code(r#"{"source": ["app"]}"#, event), "ValidationException", "{event}");
        }
    }
}
