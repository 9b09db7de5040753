//! JSON data of an execution: shared, never changed, and written as text once at most.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

/// A piece of JSON. Copies share it, and share its text: the check of its size, the event that shows it and the
/// store that keeps it write it once between them.
///
/// As part of a stored document it is text: it then may nest as deeply as JSON that was read may, and no deeper.
#[derive(Clone)]
pub struct Payload(Arc<Inner>);

struct Inner {
    value: Value,
    text: OnceLock<Box<str>>,
}

impl Payload {
    /// The data that a text says, which stays as it is spelt.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        let value = serde_json::from_str(text)?;
        Ok(Self::spelt(value, text.trim().into()))
    }

    fn spelt(value: Value, text: Box<str>) -> Self {
        Self(Arc::new(Inner { value, text: OnceLock::from(text) }))
    }

    /// The list of them. AWS puts the texts together as they are, and so does this.
    pub(crate) fn list<'p>(elements: impl Iterator<Item = &'p Self>) -> Self {
        let (mut values, mut text) = (Vec::new(), String::from("["));
        for element in elements {
            if !values.is_empty() {
                text.push(',');
            }
            text.push_str(element.text());
            values.push(element.value().clone());
        }
        text.push(']');
        Self::spelt(values.into(), text.into())
    }

    /// The data as JSON: compact, unless somebody else has spelt it.
    pub fn text(&self) -> &str {
        self.0.text.get_or_init(|| self.0.value.to_string().into_boxed_str())
    }

    /// The data.
    pub fn value(&self) -> &Value {
        &self.0.value
    }

    /// The data by itself; copied only if it is shared.
    pub fn into_value(self) -> Value {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => inner.value,
            Err(shared) => shared.value.clone(),
        }
    }
}

impl From<Value> for Payload {
    fn from(value: Value) -> Self {
        Self(Arc::new(Inner { value, text: OnceLock::new() }))
    }
}

impl Default for Payload {
    fn default() -> Self {
        Value::Null.into()
    }
}

impl Deref for Payload {
    type Target = Value;
    fn deref(&self) -> &Value {
        &self.0.value
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.value == other.0.value
    }
}

impl PartialEq<Value> for Payload {
    fn eq(&self, other: &Value) -> bool {
        self.0.value == *other
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let value = serde_json::from_str(&text).map_err(D::Error::custom)?;
        Ok(Self::spelt(value, text.into()))
    }
}

/// Data as the JSON that it is, where a document has always held it so.
pub(crate) mod plain {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    use super::Payload;

    pub(crate) fn serialize<S: Serializer>(data: &Payload, to: S) -> Result<S::Ok, S::Error> {
        data.value().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Payload, D::Error> {
        Value::deserialize(from).map(Payload::from)
    }
}
