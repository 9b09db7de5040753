//! JSON inside an event is kept as text: it then may nest as deeply as JSON that was read may, and no deeper.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
use serde_json::Value;

pub(crate) fn serialize<S: Serializer>(value: &Value, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&value.to_string())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Value, D::Error> {
    serde_json::from_str(&String::deserialize(from)?).map_err(D::Error::custom)
}
