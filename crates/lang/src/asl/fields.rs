//! Reading the fields of one JSON object of a definition, so that none is overlooked and every fault is reported.

use serde_json::{Map, Value};

use super::{
    diagnostic::Report,
    language::Language,
    path::{Path, Root},
};

/// The fields of an object, and which of them somebody has asked for.
pub(crate) struct Fields<'d> {
    /// Where the object stands.
    pub(crate) pointer: String,
    pub(crate) report: &'d Report,
    /// The language of the state around.
    pub(crate) language: Language,
    /// Where the object stands in its state, with a `/` behind it if that is not the top.
    within: String,
    object: &'d Map<String, Value>,
    asked: Vec<&'static str>,
    /// Fields that the object has in the other language.
    foreign: Vec<&'static str>,
}

/// Where a value stands.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// In the definition.
    pub(crate) pointer: String,
    /// In its state, as AWS's messages have it: `Output/total`, `Choices[0]/Condition`.
    pub(crate) field: String,
    /// Whether that is inside of a catcher.
    pub(crate) caught: bool,
}

impl Place {
    /// The place of a member.
    pub(crate) fn member(&self, name: &str) -> Self {
        Self { pointer: below(&self.pointer, name), field: format!("{}/{name}", self.field), ..*self }
    }

    /// The place of an item.
    pub(crate) fn item(&self, at: usize) -> Self {
        Self { pointer: format!("{}/{at}", self.pointer), field: format!("{}[{at}]", self.field), ..*self }
    }
}

/// The pointer to the member `name` of what stands at `pointer`.
pub(crate) fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl<'d> Fields<'d> {
    /// The fields of the value at `pointer`, if it is an object.
    pub(crate) fn of(value: &'d Value, pointer: String, report: &'d Report) -> Option<Self> {
        let Value::Object(object) = value else {
            report.schema(&pointer, "Expected value of type Object");
            return None;
        };
        let (language, within) = (Language::default(), String::new());
        Some(Self { pointer, report, language, within, object, asked: Vec::new(), foreign: Vec::new() })
    }

    /// The fields of the object that is the field's value.
    pub(crate) fn inside(&mut self, name: &'static str) -> Option<Self> {
        let within = format!("{}/", self.field(name));
        let inner = Self::of(self.value(name)?, self.at(name), self.report)?;
        Some(Self { language: self.language, within, ..inner })
    }

    /// The fields of an element of the list that is the field `name` of the state.
    pub(crate) fn element(&self, name: &str, at: usize, value: &'d Value) -> Option<Self> {
        let inner = Self::of(value, format!("{}/{at}", self.at(name)), self.report)?;
        Some(Self { language: self.language, within: format!("{}[{at}]/", self.field(name)), ..inner })
    }

    /// How AWS's messages name a field of that name: by its place in the state.
    fn field(&self, name: &str) -> String {
        format!("{}{name}", self.within)
    }

    /// Where a field of that name stands.
    pub(crate) fn place(&self, name: &str) -> Place {
        let caught = self.within.starts_with("Catch[");
        Place { pointer: self.at(name), field: self.field(name), caught }
    }

    /// Where a field of that name stands.
    pub(crate) fn at(&self, name: &str) -> String {
        below(&self.pointer, name)
    }

    /// All members, for objects whose names are the user's.
    pub(crate) fn members(&self) -> &'d Map<String, Value> {
        self.object
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// The field's value, whatever it is.
    pub(crate) fn value(&mut self, name: &'static str) -> Option<&'d Value> {
        self.asked.push(name);
        self.object.get(name)
    }

    /// Takes back what [`Self::foreign`] has said.
    pub(crate) fn native(&mut self, names: &[&str]) {
        self.foreign.retain(|name| !names.contains(name));
    }

    /// Names fields that the object has in the other query language only.
    pub(crate) fn foreign(&mut self, names: &[&'static str]) {
        self.foreign.extend(names);
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        kind: &str,
        read: impl FnOnce(&'d Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(name)?;
        let read = read(value);
        if read.is_none() {
            self.report.schema(&self.at(name), format!("Expected value of type {kind}"));
        }
        read
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Option<&'d str> {
        self.typed(name, "String", Value::as_str)
    }

    pub(crate) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.typed(name, "Boolean", Value::as_bool)
    }

    pub(crate) fn list(&mut self, name: &'static str) -> Option<&'d Vec<Value>> {
        self.typed(name, "Array", Value::as_array)
    }

    /// One of the named values.
    pub(crate) fn choice<T: Copy>(&mut self, name: &'static str, all: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = all.iter().find(|(known, _)| *known == text);
        if found.is_none() {
            let names: Vec<_> = all.iter().map(|(known, _)| *known).collect();
            let names = names.join(", ");
            let message = format!("Value should be one of the following: [{names}]");
            self.report.schema(&self.at(name), message);
        }
        found.map(|(_, value)| *value)
    }

    /// A whole number between the bounds.
    pub(crate) fn integer(&mut self, name: &'static str, low: u64, high: u64) -> Option<u64> {
        let number = self.typed(name, "Integer", |v| v.as_i64().or(v.is_u64().then_some(i64::MAX)))?;
        let number = u64::try_from(number).unwrap_or(0);
        if number < low || self.object.get(name).and_then(Value::as_i64).is_some_and(|n| n < 0) {
            self.report.schema(&self.at(name), format!("Minimum value is {low}"));
            return None;
        }
        if number > high {
            self.report.schema(&self.at(name), format!("Maximum value is {high}"));
            return None;
        }
        Some(number)
    }

    /// A number that is not less than `low`.
    pub(crate) fn number(&mut self, name: &'static str, low: f64) -> Option<f64> {
        let number = self.typed(name, "Number", Value::as_f64)?;
        if number >= low {
            return Some(number);
        }
        self.report.schema(&self.at(name), format!("Minimum value is {low:?}"));
        None
    }

    pub(crate) fn path(&mut self, name: &'static str) -> Option<Path> {
        let text = self.text(name)?;
        match text.parse::<Path>() {
            Ok(path) => {
                path.variable().into_iter().for_each(|variable| self.report.refer(variable));
                Some(path)
            }
            Err(why) => {
                self.report.schema(&self.at(name), format!("Value must be a valid JSONPath. ({why})"));
                None
            }
        }
    }

    /// A path that names at most one node of the data or of a variable.
    pub(crate) fn reference_path(&mut self, name: &'static str) -> Option<Path> {
        let path = self.definite_path(name)?;
        if *path.root() != Root::Context {
            return Some(path);
        }
        self.report.schema(&self.at(name), "Value is not a Reference Path");
        None
    }

    /// A path that names at most one node.
    pub(crate) fn definite_path(&mut self, name: &'static str) -> Option<Path> {
        let path = self.path(name)?;
        if path.is_definite() {
            return Some(path);
        }
        self.report.schema(&self.at(name), "Value is not a Reference Path");
        None
    }

    /// Reports the fields that are missing, in one diagnostic. True if none is.
    pub(crate) fn require(&self, names: &[&'static str]) -> bool {
        let missing: Vec<_> = names.iter().copied().filter(|name| !self.has(name)).collect();
        if !missing.is_empty() {
            let message = format!("These fields are required: [{}]", missing.join(", "));
            self.report.schema(&self.pointer, message);
        }
        missing.is_empty()
    }

    /// Reports when more than one of the fields is there or, if one is `required`, none.
    pub(crate) fn one_of(&self, names: &[&'static str], required: bool) {
        let there = names.iter().filter(|name| self.has(name)).count();
        if there > 1 {
            let message = format!("There should only be one of the following fields: [{}]", names.join(", "));
            self.report.schema(&self.pointer, message);
        } else if there == 0 && required {
            let message =
                format!("This object should have only one of the following fields: [{}]", names.join(", "));
            self.report.schema(&self.pointer, message);
        }
    }

    /// Reports every field that nobody has asked for.
    pub(crate) fn finish(mut self) {
        self.text("Comment");
        for name in self.object.keys().filter(|name| !self.asked.contains(&name.as_str())) {
            let message = if self.foreign.contains(&name.as_str()) {
                let (own, other) = (self.language, self.language.other());
                format!(
                    "The QueryLanguage is set to '{own}', but field '{name}' is only supported for the '{other}' \
                     QueryLanguage"
                )
            } else {
                format!("Field '{name}' is not supported")
            };
            self.report.schema(&self.pointer, message);
        }
    }
}
