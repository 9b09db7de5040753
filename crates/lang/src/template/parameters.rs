//! Parameters: what a template says about them, and their values.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::Value;

use super::read::Reader;
use crate::source::{Cursor, Diagnostic, Pointer, Position};

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: ParameterKind,
    /// What it is for.
    pub description: Option<String>,
    /// Its value when none is given.
    pub default: Option<String>,
    /// What is checked of a value.
    pub bounds: Bounds,
    /// Said instead of our own words when a value is out of bounds.
    pub constraint_description: Option<String>,
    /// Its value is a secret: never to be shown.
    pub no_echo: bool,
    /// Where it is named.
    pub position: Position,
}

/// A parameter's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// `String`.
    String,
    /// `Number`. Its value is text, as it was written.
    Number,
    /// `List<Number>`, separated by commas.
    Numbers,
    /// `CommaDelimitedList`.
    Strings,
}

/// What is checked of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// It must be one of these, if there are any.
    pub allowed_values: Vec<String>,
    /// The whole of it must fit this regular expression.
    pub allowed_pattern: Option<String>,
    /// Numbers: not less than this.
    pub min_value: Option<String>,
    /// Numbers: not more than this.
    pub max_value: Option<String>,
    /// Strings: not fewer characters than this.
    pub min_length: Option<usize>,
    /// Strings: not more characters than this.
    pub max_length: Option<usize>,
}

impl Reader {
    pub(super) fn parameter(&mut self, name: &str, at: &Cursor<'_>) -> Parameter {
        let what = format!("the parameter `{name}`");
        self.logical_id(name, at);
        let is_map = self.keep(at.expect_map(&what)).is_some();
        let known = [
            "Type",
            "Default",
            "Description",
            "AllowedValues",
            "AllowedPattern",
            "ConstraintDescription",
            "MinLength",
            "MaxLength",
            "MinValue",
            "MaxValue",
            "NoEcho",
        ];
        self.keys(at, &what, &known, &[]);
        let kind = at.get("Type").and_then(|kind| self.keep(parameter_kind(&kind)));
        if is_map && at.get("Type").is_none() {
            self.found.push(at.key_error(format!("{what} has no `Type`")));
        }
        let no_echo = at.get("NoEcho").and_then(|at| self.scalar(&at)).is_some_and(|echo| echo == "true");
        let parameter = Parameter {
            name: name.to_owned(),
            kind: kind.unwrap_or(ParameterKind::String),
            description: self.text(at, "Description"),
            default: at.get("Default").and_then(|at| self.scalar(&at)),
            bounds: self.bounds(at),
            constraint_description: self.text(at, "ConstraintDescription"),
            no_echo,
            position: at.named_at,
        };
        if kind.is_some()
            && let (Some(default), Some(place)) = (&parameter.default, at.get("Default"))
            && let Err(message) = parameter.value(default)
        {
            self.found.push(place.error(message));
        }
        parameter
    }

    fn bounds(&mut self, at: &Cursor<'_>) -> Bounds {
        let pattern = at.get("AllowedPattern");
        let allowed_pattern = pattern.and_then(|at| {
            let text = self.scalar(&at)?;
            self.keep(
                whole(&text).map_err(|e| at.error(format!("the pattern is no regular expression: {e}"))),
            )?;
            Some(text)
        });
        Bounds {
            allowed_values: self.allowed_values(at),
            allowed_pattern,
            min_value: self.number(at, "MinValue"),
            max_value: self.number(at, "MaxValue"),
            min_length: self.length(at, "MinLength"),
            max_length: self.length(at, "MaxLength"),
        }
    }

    fn allowed_values(&mut self, parameter: &Cursor<'_>) -> Vec<String> {
        let Some(at) = parameter.get("AllowedValues") else { return Vec::new() };
        self.keep(at.expect_list("`AllowedValues`"));
        at.items().filter_map(|item| self.scalar(&item)).collect()
    }

    fn scalar(&mut self, at: &Cursor<'_>) -> Option<String> {
        let text = at.node.scalar_text();
        self.keep(text.ok_or_else(|| at.error(format!("a plain value is expected, not {}", at.node.kind()))))
    }

    fn number(&mut self, parameter: &Cursor<'_>, key: &str) -> Option<String> {
        let at = parameter.get(key)?;
        let text = self.scalar(&at)?;
        self.keep(
            number(&text).map(|_| text.clone()).ok_or_else(|| at.error(format!("`{key}` must be a number"))),
        )
    }

    fn length(&mut self, parameter: &Cursor<'_>, key: &str) -> Option<usize> {
        let at = parameter.get(key)?;
        let text = self.scalar(&at)?;
        self.keep(text.parse().map_err(|_| at.error(format!("`{key}` must be a whole number"))))
    }
}

fn parameter_kind(at: &Cursor<'_>) -> Result<ParameterKind, Diagnostic> {
    match at.expect_text("`Type`")? {
        "String" => Ok(ParameterKind::String),
        "Number" => Ok(ParameterKind::Number),
        "List<Number>" => Ok(ParameterKind::Numbers),
        "CommaDelimitedList" => Ok(ParameterKind::Strings),
        other => {
            let known = "String, Number, List<Number> and CommaDelimitedList are";
            Err(at.error(format!("the parameter type `{other}` is not supported, only {known}")))
        }
    }
}

fn whole(pattern: &str) -> Result<Regex, regex_lite::Error> {
    // Alone first: `a)|(b` would close our group.
    Regex::new(pattern)?;
    Regex::new(&format!("^(?:{pattern})$"))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|n: &f64| n.is_finite())
}

impl Parameter {
    /// The value that `Ref` gives for this text, or what is wrong with it.
    pub fn value(&self, text: &str) -> Result<Value, String> {
        match self.kind {
            ParameterKind::String | ParameterKind::Number => {
                self.check(text)?;
                Ok(Value::from(text))
            }
            ParameterKind::Numbers | ParameterKind::Strings => {
                let parts: Vec<_> = text.split(',').map(str::trim).collect();
                parts.iter().try_for_each(|part| self.check(part))?;
                Ok(parts.into())
            }
        }
    }

    fn check(&self, text: &str) -> Result<(), String> {
        let Self { name, bounds, .. } = self;
        let numeric = matches!(self.kind, ParameterKind::Number | ParameterKind::Numbers);
        let value = number(text);
        if numeric && value.is_none() {
            return Err(format!("the parameter `{name}` must be a number"));
        }
        let length = text.chars().count();
        let limit = |bound: &Option<String>| bound.as_deref().and_then(number);
        let fits =
            bounds.allowed_pattern.as_deref().and_then(|p| whole(p).ok()).is_none_or(|p| p.is_match(text));
        let broken = if !bounds.allowed_values.is_empty() && !bounds.allowed_values.iter().any(|v| v == text)
        {
            format!("must be one of {}", bounds.allowed_values.join(", "))
        } else if !fits {
            format!("must fit the pattern {}", bounds.allowed_pattern.as_deref().unwrap_or_default())
        } else if bounds.min_length.is_some_and(|min| length < min) {
            format!("must have at least {} characters", bounds.min_length.unwrap_or_default())
        } else if bounds.max_length.is_some_and(|max| length > max) {
            format!("must have at most {} characters", bounds.max_length.unwrap_or_default())
        } else if value.zip(limit(&bounds.min_value)).is_some_and(|(value, min)| value < min) {
            format!("must be at least {}", bounds.min_value.as_deref().unwrap_or_default())
        } else if value.zip(limit(&bounds.max_value)).is_some_and(|(value, max)| value > max) {
            format!("must be at most {}", bounds.max_value.as_deref().unwrap_or_default())
        } else {
            return Ok(());
        };
        let said = self.constraint_description.as_ref().map_or(broken, |why| format!("is refused: {why}"));
        Err(format!("the parameter `{name}` {said}"))
    }
}

/// The value of every parameter.
pub(super) fn values(
    parameters: &[Parameter],
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut values = BTreeMap::new();
    for name in given.keys().filter(|name| !parameters.iter().any(|p| p.name == **name)) {
        found.push(Diagnostic::error(format!("the template has no parameter `{name}`")));
    }
    for parameter in parameters {
        let text = given.get(&parameter.name).or(parameter.default.as_ref());
        let value = match text {
            Some(text) => parameter.value(text),
            None => Err(format!("the parameter `{}` needs a value", parameter.name)),
        };
        match value {
            Ok(value) => {
                values.insert(parameter.name.clone(), value);
            }
            Err(message) => {
                let pointer = Pointer::root().key("Parameters").key(&parameter.name);
                found.push(Diagnostic::error(message).at(parameter.position).pointing(pointer));
            }
        }
    }
    if found.is_empty() { Ok(values) } else { Err(found) }
}
