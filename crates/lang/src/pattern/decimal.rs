//! Numbers by value, exactly: account numbers and large counters must not become equal by rounding.

use std::cmp::Ordering;

/// `± 0.d₁d₂… × 10^exponent` without zeros at either end of the digits; zero has none and is never negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    exponent: i64,
    digits: Vec<u8>,
}

impl Decimal {
    /// Of a number in JSON's grammar.
    pub(super) fn of_json(raw: &str) -> Self {
        let (negative, raw) = raw.strip_prefix('-').map_or((false, raw), |rest| (true, rest));
        let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let leading = all.iter().take_while(|d| **d == b'0').count();
        let trailing = all.iter().rev().take_while(|d| **d == b'0').count();
        if leading == all.len() {
            return Self { negative: false, exponent: 0, digits: Vec::new() };
        }
        let point = i64::try_from(whole.len()).unwrap_or(i64::MAX);
        let leading_places = i64::try_from(leading).unwrap_or(i64::MAX);
        let exponent = exponent.parse::<i64>().unwrap_or(0).saturating_add(point - leading_places);
        Self { negative, exponent, digits: all[leading..all.len() - trailing].to_vec() }
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(left: &str, right: &str, expect: Ordering) {
        assert_eq!(Decimal::of_json(left).cmp(&Decimal::of_json(right)), expect, "{left} {right}");
        assert_eq!(Decimal::of_json(right).cmp(&Decimal::of_json(left)), expect.reverse(), "{right} {left}");
    }

    #[test]
    fn compares_by_value() {
        check("300", "3.0e2", Ordering::Equal);
        check("0.0", "-0", Ordering::Equal);
        check("0.1", "0.09", Ordering::Greater);
        check("-5", "3", Ordering::Less);
        check("-5", "-30", Ordering::Greater);
        check("9007199254740993", "9007199254740992", Ordering::Greater);
        check("1e400", "9e399", Ordering::Greater);
        check("0", "-1e-9", Ordering::Greater);
    }

    proptest! {
        #[test]
        fn agrees_with_floats(a in -1e12..1e12f64, b in -1e12..1e12f64) {
            let (x, y) = (Decimal::of_json(&a.to_string()), Decimal::of_json(&b.to_string()));
            prop_assert_eq!(x.partial_cmp(&y), a.partial_cmp(&b));
        }
    }
}
