//! What a rule's target adds to the HTTP request that its events become. Pure.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_HttpParameters.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shape::Path;

/// Values for the request's path, headers and query. One that begins with `$.` is a path into the event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpParameters {
    /// What stands for each `*` of the URL, in order.
    pub path: Vec<String>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The query.
    pub query: Vec<(String, String)>,
}

impl HttpParameters {
    /// Says which value looks like a path and is none.
    pub fn check(&self) -> Result<(), String> {
        let named = self.headers.iter().chain(&self.query).map(|(_, value)| value);
        self.path
            .iter()
            .chain(named)
            .filter(|text| is_path(text))
            .try_for_each(|text| Path::read(text).map(drop))
    }

    /// The values for the event with this envelope.
    pub fn of(&self, envelope: &Value) -> Result<Self, String> {
        let value = |text: &String| filled(text, envelope);
        let pair = |(name, text): &(String, String)| Ok((name.clone(), value(text)?));
        Ok(Self {
            path: self.path.iter().map(value).collect::<Result<_, String>>()?,
            headers: self.headers.iter().map(pair).collect::<Result<_, String>>()?,
            query: self.query.iter().map(pair).collect::<Result<_, String>>()?,
        })
    }
}

fn is_path(text: &str) -> bool {
    text.starts_with("$.")
}

fn filled(text: &str, envelope: &Value) -> Result<String, String> {
    if !is_path(text) {
        return Ok(text.to_owned());
    }
    Ok(match Path::read(text)?.follow(envelope).as_deref() {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    })
}
