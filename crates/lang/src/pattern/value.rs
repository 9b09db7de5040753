//! The values that tests are made on: scalars of an event, as they stand in its text.

use std::cmp::Ordering;

use super::decimal::Decimal;

/// A scalar of an event.
#[derive(Clone, Copy, Debug)]
pub enum Scalar<'a> {
    /// A text, unescaped.
    Text(&'a str),
    /// A number.
    Number(Number<'a>),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

/// A number in JSON's grammar. Compared by the nearest float first, which settles nearly all; exactly when that ties.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    raw: &'a str,
    float: f64,
}

impl<'a> Number<'a> {
    /// Of a number in JSON's grammar; nothing of another text.
    pub fn read(raw: &'a str) -> Option<Self> {
        match raw.as_bytes() {
            [b'+' | b'.', ..] => None,
            // Rust reads infinities and NaNs too.
            [b'-', first, ..] | [first, ..] if first.is_ascii_alphabetic() => None,
            _ => raw.parse().ok().map(|float| Self { raw, float }),
        }
    }

    /// With the float that was read before.
    pub(crate) fn again(raw: &'a str, float: f64) -> Self {
        Self { raw, float }
    }

    /// The nearest float: it is in the same order as the numbers are, but for ties.
    pub(crate) fn float(&self) -> f64 {
        self.float
    }

    /// Exactly.
    pub(super) fn compare(&self, bound: &Bound) -> Ordering {
        match self.float.partial_cmp(&bound.float) {
            Some(Ordering::Equal) | None if is_short(self.raw) && bound.short => Ordering::Equal,
            Some(Ordering::Equal) | None => Decimal::of_json(self.raw).cmp(&bound.exact),
            Some(order) => order,
        }
    }
}

/// A number in a pattern.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    float: f64,
    short: bool,
    exact: Decimal,
}

impl Bound {
    /// Of a number in JSON's grammar.
    pub(super) fn of_json(raw: &str) -> Self {
        Self { float: raw.parse().unwrap_or(0.0), short: is_short(raw), exact: Decimal::of_json(raw) }
    }

    pub(super) fn float(&self) -> f64 {
        self.float
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        self.exact == other.exact
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.exact.cmp(&other.exact))
    }
}

/// Whether no two such numbers share a float: fifteen digits always fit.
fn is_short(raw: &str) -> bool {
    raw.len() <= 15 && !raw.contains(['e', 'E'])
}
