//! Patterns and events that often meet: both are made of the same few names and values.

use serde_json::{Map, Value, json};

/// A source of numbers that are the same in every run.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    pub(super) fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    fn list(&mut self, most: usize, make: fn(&mut Self) -> Value) -> Value {
        (0..=self.below(most)).map(|_| make(self)).collect()
    }
}

const NAMES: &[&str] = &["a", "b", "c", "ab", "a.b", "b.c", "detail-type", "detail-typo"];
const TEXTS: &[&str] = &[
    "",
    "x",
    "y",
    "xy",
    "Xy",
    "xyx",
    "yxx",
    "xxyy",
    "XYX",
    "ä",
    "Äx",
    "xÄ",
    "1",
    "\"q\\",
    "a*b",
    "10.0.0.1",
    "10.0.1.200",
    "2001:db8::1",
    "2001:0db8:0:0:0:0:0:1",
    "::ffff:10.0.0.1",
];
const PARTS: &[&str] =
    &["", "x", "y", "xy", "X", "yx", "ä", "Ä", "10.", "1", "\"", "q\\", "arn:aws:x", "arn:aws:xy"];
const NUMBERS: &[&str] =
    &["0", "-0.0", "1", "1.0", "10e-1", "-5", "100", "1e2", "99.5", "-0.25", "9007199254740991"];
const BLOCKS: &[&str] =
    &["10.0.0.0/8", "10.0.0.0/24", "10.0.0.128/24", "0.0.0.0/0", "2001:db8::/32", "::/0", "2001:db8::1/127"];

fn number(dice: &mut Dice) -> Value {
    serde_json::from_str(dice.one(NUMBERS)).unwrap()
}

fn text(dice: &mut Dice) -> Value {
    dice.one(TEXTS).into()
}

fn part(dice: &mut Dice) -> Value {
    dice.one(PARTS).into()
}

/// At least one character: AWS refuses none inside of `anything-but`.
fn some_part(dice: &mut Dice) -> Value {
    dice.one(&PARTS[1..]).into()
}

fn wildcard(dice: &mut Dice) -> Value {
    let parts: Vec<_> =
        (0..=dice.below(3)).map(|_| dice.one(&["x", "y", "xy", "ä", "1", "\\*", "\\\\"])).collect();
    let (before, behind) = (dice.one(&["", "*"]), dice.one(&["", "*"]));
    format!("{before}{}{behind}", parts.join("*")).into()
}

fn scalar(dice: &mut Dice) -> Value {
    match dice.below(10) {
        0..6 => text(dice),
        6..8 => number(dice),
        8 => Value::Null,
        _ => (dice.below(2) == 0).into(),
    }
}

fn test(dice: &mut Dice) -> Value {
    let affix = dice.one(&["prefix", "suffix"]);
    match dice.below(16) {
        0..4 => scalar(dice),
        4 => json!({"exactly": text(dice)}),
        5 => json!({affix: part(dice)}),
        6 => json!({affix: {"equals-ignore-case": part(dice)}}),
        7 => json!({"equals-ignore-case": text(dice)}),
        8 => json!({"exists": dice.below(2) == 0}),
        9 | 10 => json!({"numeric": range(dice)}),
        11 => json!({"cidr": dice.one(BLOCKS)}),
        12 | 13 => json!({"wildcard": wildcard(dice)}),
        _ => json!({"anything-but": but(dice)}),
    }
}

fn range(dice: &mut Dice) -> Value {
    let (low, high) = (number(dice), number(dice));
    if low.as_f64() < high.as_f64() && dice.below(2) == 0 {
        return json!([dice.one(&[">", ">="]), low, dice.one(&["<", "<="]), high]);
    }
    json!([dice.one(&["=", "<", "<=", ">", ">="]), low])
}

fn but(dice: &mut Dice) -> Value {
    match dice.below(8) {
        0 => text(dice),
        1 => dice.list(3, text),
        2 => dice.list(3, number),
        3 => json!({"prefix": dice.list(2, some_part)}),
        4 => json!({"suffix": some_part(dice)}),
        5 => json!({"equals-ignore-case": dice.list(2, text)}),
        6 => json!({"wildcard": dice.list(1, wildcard)}),
        _ => number(dice),
    }
}

/// A pattern; a few are refused.
pub(super) fn pattern(dice: &mut Dice) -> Value {
    object(dice, 2)
}

fn object(dice: &mut Dice, deep: usize) -> Value {
    let mut members = Map::new();
    for _ in 0..=dice.below(3) {
        let value = match dice.below(3) {
            0 if deep > 0 => object(dice, deep - 1),
            _ => dice.list(2, test),
        };
        members.insert(dice.one(NAMES).to_owned(), value);
    }
    if deep > 0 && dice.below(6) == 0 {
        let either = (0..2 + dice.below(2)).map(|_| object(dice, deep - 1));
        members.insert("$or".to_owned(), either.collect());
    }
    members.into()
}

/// An event.
pub(super) fn event(dice: &mut Dice) -> Value {
    let mut event = members(dice, 3);
    event["other"] = json!({"a": ["]}\\\"", {"b": "\\"}], "e": "\u{1f600}"});
    event
}

fn members(dice: &mut Dice, deep: usize) -> Value {
    let mut members = Map::new();
    for _ in 0..dice.below(5) {
        members.insert(dice.one(NAMES).to_owned(), value(dice, deep));
    }
    members.into()
}

fn value(dice: &mut Dice, deep: usize) -> Value {
    match dice.below(6) {
        0 | 1 if deep > 0 => members(dice, deep - 1),
        2 | 3 if deep > 0 => (0..dice.below(4)).map(|_| value(dice, deep - 1)).collect(),
        _ => scalar(dice),
    }
}

/// The text of a value, with spaces and escapes that mean nothing.
pub(super) fn text_of(value: &Value, dice: &mut Dice) -> String {
    let space = dice.one(&["", "", " ", "\n\t ", "\r\n"]);
    match value {
        Value::Object(members) => {
            let each = members.iter().map(|(name, value)| {
                let name = text_of(&Value::from(name.as_str()), dice);
                format!("{space}{name}{space}:{space}{}", text_of(value, dice))
            });
            format!("{{{}{space}}}", each.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            let each = items.iter().map(|item| format!("{space}{}{space}", text_of(item, dice)));
            format!("[{}{space}]", each.collect::<Vec<_>>().join(","))
        }
        Value::String(text) if dice.below(8) == 0 => {
            let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
            format!("\"{}\"", units.collect::<String>())
        }
        _ => value.to_string(),
    }
}
