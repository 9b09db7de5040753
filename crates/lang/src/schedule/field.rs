//! One field of a cron expression: lists of values, ranges and steps.

use std::collections::BTreeSet;

/// What a field may hold.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) min: i16,
    pub(super) max: i16,
    /// Names of the values from `min` on.
    pub(super) names: &'static [&'static str],
}

pub(super) const MINUTES: Field = Field { name: "minutes", min: 0, max: 59, names: &[] };
pub(super) const HOURS: Field = Field { name: "hours", min: 0, max: 23, names: &[] };
pub(super) const DAY_OF_MONTH: Field = Field { name: "day of month", min: 1, max: 31, names: &[] };
pub(super) const MONTH: Field = Field {
    name: "month",
    min: 1,
    max: 12,
    names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
pub(super) const DAY_OF_WEEK: Field =
    Field { name: "day of week", min: 1, max: 7, names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] };
pub(super) const YEAR: Field = Field { name: "year", min: 1970, max: 2199, names: &[] };

impl Field {
    /// The values of a list such as `1,5-9,*/15`.
    pub(super) fn values(self, text: &str) -> Result<BTreeSet<i16>, String> {
        let mut values = BTreeSet::new();
        for part in text.split(',') {
            self.add(part, &mut values)?;
        }
        Ok(values)
    }

    /// Adds `*`, `a`, `a-b`, each with `/step` or not. A range may run over the end: `FRI-MON`.
    fn add(self, part: &str, values: &mut BTreeSet<i16>) -> Result<(), String> {
        let (range, step) = match part.split_once('/') {
            None => (part, None),
            Some((range, step)) => (range, Some(self.step(step)?)),
        };
        let (first, last) = match (range, range.split_once('-')) {
            ("*", _) => (self.min, self.max),
            (_, Some((first, last))) => (self.value(first)?, self.value(last)?),
            (value, None) => {
                let value = self.value(value)?;
                (value, if step.is_some() { self.max } else { value })
            }
        };
        let span = self.max - self.min + 1;
        let last = if last < first { last + span } else { last };
        if last > self.max && self.name == YEAR.name {
            return Err(format!("the years `{range}` run backwards"));
        }
        for value in (first..=last).step_by(step.unwrap_or(1)) {
            values.insert(if value > self.max { value - span } else { value });
        }
        Ok(())
    }

    /// One value: a number or a name.
    pub(super) fn value(self, text: &str) -> Result<i16, String> {
        let named = self.names.iter().zip(self.min..).find(|(name, _)| name.eq_ignore_ascii_case(text));
        named
            .map(|(_, value)| value)
            .or_else(|| number(text).filter(|n| (self.min..=self.max).contains(n)))
            .ok_or_else(|| format!("the {} `{text}` is not in {}-{}", self.name, self.min, self.max))
    }

    fn step(self, text: &str) -> Result<usize, String> {
        number(text)
            .filter(|step| (1..=self.max).contains(step))
            .and_then(|step| usize::try_from(step).ok())
            .ok_or_else(|| format!("the step `{text}` of the {} is not in 1-{}", self.name, self.max))
    }
}

/// Digits only: no sign.
pub(super) fn number(text: &str) -> Option<i16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}
