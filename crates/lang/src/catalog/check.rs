//! Whether a value has a shape, in the words in which TestState judges mocks.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_MockInput.html>

use std::fmt;

use serde_json::{Map, Value};

use super::shape::{Bounds, Kind, Naming, Shape};

/// How much of a shape a value must have: `fieldValidationMode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rigour {
    /// All required members are there, and what is there has its shape.
    #[default]
    Strict,
    /// What is there has its shape.
    Present,
    /// Anything will do.
    None,
}

/// A place at which a value does not have its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The member that it is about: of an item of a list, the member that holds the list.
    pub field: String,
    /// The place of the value, or of the object without the member, as a JSON pointer.
    pub pointer: String,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A required member is not there.
    Missing,
    /// It is none of the values that there are.
    Unexpected,
    /// It is another kind of value: this one is right.
    NotA(&'static str),
    /// A number, too small.
    TooSmall,
    /// A number, too large.
    TooLarge,
    /// Too few characters or items.
    TooShort,
    /// Too many characters or items.
    TooLong,
}

/// `Field 'StorageClass' is not an expected value`.
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = &self.field;
        match self.flaw {
            Flaw::Missing => write!(f, "Required field '{field}' is missing"),
            Flaw::Unexpected => write!(f, "Field '{field}' is not an expected value"),
            Flaw::NotA(kind) => write!(f, "Field '{field}' must be {kind}"),
            Flaw::TooSmall => write!(f, "Field '{field}' is less than the minimum value"),
            Flaw::TooLarge => write!(f, "Field '{field}' exceeds the maximum value"),
            Flaw::TooShort => write!(f, "Field '{field}' is shorter than the minimum length"),
            Flaw::TooLong => write!(f, "Field '{field}' exceeds the maximum length"),
        }
    }
}

impl Shape<'_> {
    /// All places where the value does not have this shape, in the order of the value. Members that the shape does
    /// not have are no matter, and `null` is a member that is not there.
    pub fn mismatches(&self, value: &Value, naming: Naming, rigour: Rigour) -> Vec<Mismatch> {
        let mut check = Check { naming, rigour, found: Vec::new() };
        if rigour != Rigour::None {
            check.value(*self, value, "", "");
        }
        check.found
    }
}

struct Check {
    naming: Naming,
    rigour: Rigour,
    found: Vec<Mismatch>,
}

impl Check {
    fn value(&mut self, shape: Shape<'_>, value: &Value, field: &str, pointer: &str) {
        let flaw = match (shape.kind(), value) {
            (Kind::Any, _) => None,
            (Kind::Text(length, values), Value::String(text)) => in_text(text, length, values),
            (Kind::Bytes(_) | Kind::Time, Value::String(_)) | (Kind::Truth, Value::Bool(_)) => None,
            (Kind::Whole(bounds) | Kind::Number(bounds), Value::Number(number)) => {
                in_number(number, bounds, matches!(shape.kind(), Kind::Whole(_)))
            }
            (Kind::List(count, item), Value::Array(items)) => {
                for (at, value) in items.iter().enumerate() {
                    self.value(item, value, field, &format!("{pointer}/{at}"));
                }
                in_length(items.len(), count)
            }
            (Kind::Map(count, inside), Value::Object(members)) => {
                for (name, value) in members {
                    self.value(inside, value, name, &below(pointer, name));
                }
                in_length(members.len(), count)
            }
            (Kind::Object, Value::Object(members)) => {
                self.object(shape, members, pointer);
                None
            }
            (kind, _) => Some(Flaw::NotA(article(kind))),
        };
        if let Some(flaw) = flaw {
            self.add(field, pointer, flaw);
        }
    }

    fn object(&mut self, shape: Shape<'_>, members: &Map<String, Value>, pointer: &str) {
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            if let Some(member) = shape.member(name, self.naming) {
                self.value(member.shape(), value, name, &below(pointer, name));
            }
        }
        if self.rigour != Rigour::Strict {
            return;
        }
        let naming = self.naming;
        for member in shape.members().filter(|member| member.required()) {
            if members.get(member.name(naming)).is_none_or(Value::is_null) {
                self.add(member.name(naming), pointer, Flaw::Missing);
            }
        }
    }

    fn add(&mut self, field: &str, pointer: &str, flaw: Flaw) {
        self.found.push(Mismatch { field: field.to_owned(), pointer: pointer.to_owned(), flaw });
    }
}

fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn in_text(text: &str, length: Bounds, values: &[&str]) -> Option<Flaw> {
    if !values.is_empty() && !values.contains(&text) {
        return Some(Flaw::Unexpected);
    }
    in_length(text.chars().count(), length)
}

fn in_length(length: usize, bounds: Bounds) -> Option<Flaw> {
    let length = length as f64;
    bounds
        .is_below(length)
        .then_some(Flaw::TooShort)
        .or_else(|| bounds.is_above(length).then_some(Flaw::TooLong))
}

fn in_number(number: &serde_json::Number, bounds: Bounds, whole: bool) -> Option<Flaw> {
    let number = number.as_f64()?;
    if whole && number.fract() != 0.0 {
        return Some(Flaw::NotA("an integer"));
    }
    bounds
        .is_below(number)
        .then_some(Flaw::TooSmall)
        .or_else(|| bounds.is_above(number).then_some(Flaw::TooLarge))
}

fn article(kind: Kind<'_>) -> &'static str {
    match kind {
        Kind::Text(..) | Kind::Bytes(_) | Kind::Time => "a string",
        Kind::Whole(_) | Kind::Number(_) => "a number",
        Kind::Truth => "a boolean",
        Kind::List(..) => "an array",
        Kind::Map(..) | Kind::Object | Kind::Any => "an object",
    }
}
