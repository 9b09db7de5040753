//! `rate(value unit)`: every so often, from the moment the rule was made.

use super::Dialect;

const MINUTE: i64 = 60_000;

/// A period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    millis: i64,
}

impl Rate {
    pub(super) fn parse(text: &str, dialect: Dialect) -> Result<Self, String> {
        let parts: Vec<_> = text.split_whitespace().collect();
        let [value, unit] = parts[..] else {
            return Err("a rate is a value and a unit, such as `rate(5 minutes)`".to_owned());
        };
        // AWS refuses `rate( 5 minutes )`.
        if text.trim() != text {
            return Err("there is a blank behind `(` or before `)`".to_owned());
        }
        let count: i64 = Some(value)
            .filter(|v| v.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|v| v.parse().ok())
            .filter(|count| *count > 0)
            .ok_or_else(|| format!("the value `{value}` is not a whole number above 0"))?;
        let (singular, minutes) = match unit {
            "minute" | "minutes" => ("minute", 1),
            "hour" | "hours" => ("hour", 60),
            "day" | "days" => ("day", 24 * 60),
            _ => return Err(format!("the unit `{unit}` is none of minute(s), hour(s), day(s)")),
        };
        // Rules want the grammatical number.
        let wanted = if count == 1 { singular.to_owned() } else { format!("{singular}s") };
        if unit != wanted && dialect == Dialect::Rules {
            return Err(format!("with the value {count} the unit is `{wanted}`"));
        }
        let millis = count.checked_mul(minutes * MINUTE).ok_or_else(|| format!("`{value}` is too large"))?;
        Ok(Self { millis })
    }

    pub(super) fn next(&self, since: i64, after: i64) -> Option<i64> {
        let passed = after.checked_sub(since)?.max(0) / self.millis;
        since.checked_add(self.millis.checked_mul(passed.checked_add(1)?)?)
    }
}
