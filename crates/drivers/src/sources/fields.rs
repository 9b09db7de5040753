//! A body's members, each named by its place where it is not what it must be.

use serde_json::{Map, Value};
use trainyard_domain::hook::HookError;

/// A JSON value and where it stands.
#[derive(Clone)]
pub(super) struct Fields<'a> {
    place: String,
    value: &'a Value,
}

/// The JSON object that the body is.
pub(super) fn parse(body: &[u8]) -> Result<Value, HookError> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| HookError::Malformed(format!("the body is no JSON: {error}")))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(HookError::Malformed("the body is no JSON object".to_owned()))
    }
}

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        Self { place: String::new(), value }
    }

    /// The member at that dotted name; nothing where it is absent or null.
    pub(super) fn find(&self, name: &str) -> Option<Self> {
        let value = name.split('.').try_fold(self.value, |value, step| value.get(step))?;
        let place = if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) };
        (!value.is_null()).then_some(Self { place, value })
    }

    fn get(&self, name: &str) -> Result<Self, HookError> {
        let place = if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) };
        self.find(name).ok_or_else(|| HookError::Malformed(format!("the member `{place}` is missing")))
    }

    /// The text at that dotted name.
    pub(super) fn text(&self, name: &str) -> Result<&'a str, HookError> {
        let there = self.get(name)?;
        there.value.as_str().ok_or_else(|| there.is_no("text"))
    }

    /// The text at that dotted name, if there is one.
    pub(super) fn maybe(&self, name: &str) -> Option<&'a str> {
        self.find(name)?.value.as_str()
    }

    /// The whole number at that dotted name.
    pub(super) fn number(&self, name: &str) -> Result<u64, HookError> {
        let there = self.get(name)?;
        there.value.as_u64().ok_or_else(|| there.is_no("whole number"))
    }

    /// Whether there stands `true`.
    pub(super) fn is(&self, name: &str) -> bool {
        self.find(name).is_some_and(|there| there.value == &Value::Bool(true))
    }

    /// The items of the list at that dotted name; none where it is absent.
    pub(super) fn items(&self, name: &str) -> Result<Vec<Self>, HookError> {
        let Some(there) = self.find(name) else { return Ok(Vec::new()) };
        let items = there.value.as_array().ok_or_else(|| there.is_no("list"))?;
        let item = |(at, value)| Self { place: format!("{}[{at}]", there.place), value };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// The texts of the list at that dotted name.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<&'a str>, HookError> {
        let text = |item: &Self| item.value.as_str().ok_or_else(|| item.is_no("text"));
        self.items(name)?.iter().map(text).collect()
    }

    /// The value itself.
    pub(super) fn value(&self) -> &'a Value {
        self.value
    }

    fn is_no(&self, what: &str) -> HookError {
        HookError::Malformed(format!("the member `{}` is no {what}", self.place))
    }
}

/// A detail that is put together: members that are not known are left out.
#[derive(Default)]
pub(super) struct Detail(Map<String, Value>);

impl Detail {
    pub(super) fn say(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn maybe(&mut self, name: &str, value: Option<impl Into<Value>>) -> &mut Self {
        if let Some(value) = value {
            self.say(name, value);
        }
        self
    }

    pub(super) fn done(self) -> Value {
        Value::Object(self.0)
    }
}
