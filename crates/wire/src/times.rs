//! Times: milliseconds inside ([`Timestamp`] as serde writes it), the protocol's own form outside.
//!
//! Which members are times is known from the service's table ([`crate::Service::times`]); only numbers under such a
//! name are changed on the way out, so that a user's own map with a like key, whose values are texts, stays as it is.

use serde_json::Value;
use trainyard_domain::Timestamp;

/// How times are written outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Seconds since 1970 with a fraction: the JSON protocols.
    EpochSeconds,
    /// `2026-01-02T03:04:05.678Z`: XML, and the results of `aws-sdk:` tasks.
    Iso,
}

/// Turns the times in an answer into the form.
pub fn write(value: &mut Value, names: &[&str], form: Form) {
    visit(value, names, &mut |time| {
        if let Some(millis) = time.as_i64() {
            *time = written(Timestamp(millis), form);
        }
    });
}

/// Turns the times in an input, seconds or RFC 3339 texts, into milliseconds. Says which text is no time.
pub fn read(value: &mut Value, names: &[&str]) -> Result<(), String> {
    let mut wrong = None;
    visit(value, names, &mut |time| match time {
        Value::Number(seconds) => {
            let millis = seconds.as_f64().unwrap_or_default() * 1000.0;
            // The cast saturates, which is right for a time beyond the end of ours.
            *time = Value::from(millis.round() as i64);
        }
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(t) => *time = Value::from(t.millis()),
            Err(error) => wrong = wrong.take().or(Some(error.to_string())),
        },
        _ => {}
    });
    wrong.map_or(Ok(()), Err)
}

fn written(time: Timestamp, form: Form) -> Value {
    match form {
        Form::EpochSeconds if time.millis() % 1000 == 0 => Value::from(time.millis() / 1000),
        Form::EpochSeconds => Value::from(time.epoch_seconds()),
        Form::Iso if time.millis() % 1000 == 0 => Value::from(time.to_seconds_string()),
        Form::Iso => Value::from(time.to_string()),
    }
}

fn visit(value: &mut Value, names: &[&str], change: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, names, change)),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::Array(_) | Value::Object(_) => visit(member, names, change),
                    _ if names.contains(&name.as_str()) => change(member),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NAMES: &[&str] = &["startDate"];

    #[test]
    fn goes_out_in_the_protocols_form() {
        let inside =
            json!({"a": [{"startDate": 1_700_000_000_120_i64}], "tags": {"startDate": "x"}, "stopDate": 1});
        let check = |form, expect: Value| {
            let mut value = inside.clone();
            write(&mut value, NAMES, form);
            assert_eq!(value["a"][0]["startDate"], expect);
            assert_eq!(value["tags"]["startDate"], "x");
            assert_eq!(value["stopDate"], 1);
        };
        check(Form::EpochSeconds, json!(1_700_000_000.12));
        check(Form::Iso, json!("2023-11-14T22:13:20.120Z"));
    }

    #[test]
    fn comes_in_as_seconds_or_text() {
        for outside in [json!(1_700_000_000), json!("2023-11-14T22:13:20Z"), json!(1.7e9)] {
            let mut value = json!({"startDate": outside});
            read(&mut value, NAMES).unwrap();
            assert_eq!(value, json!({"startDate": 1_700_000_000_000_i64}));
        }
        assert!(read(&mut json!({"startDate": "yesterday"}), NAMES).is_err());
    }
}
