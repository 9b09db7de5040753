//! Calls that come in from other systems, and what they tell.

use serde_json::Value;

use crate::Timestamp;

/// A call that came in, as it came.
#[derive(Clone, Copy, Debug)]
pub struct HookCall<'a> {
    /// The hook's name.
    pub hook: &'a str,
    /// The headers, their names in lower case. A value that is no text is left out.
    pub headers: &'a [(String, String)],
    /// The body, not one byte changed.
    pub body: &'a [u8],
    /// The secrets that are good now: more than one while one takes the place of another.
    pub secrets: &'a [String],
    /// What time it is, as other machines would say.
    pub now: Timestamp,
}

/// What a call tells, once its signature was found good.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// What is to be told, none or more.
    pub notices: Vec<Notice>,
    /// Why something is not told, for whoever looks at the answer.
    pub remark: Option<String>,
}

/// One thing that happened elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// What its sender calls this delivery: the same one is told once.
    pub delivery: String,
    /// When it happened; none means now.
    pub time: Option<Timestamp>,
    /// The event's source.
    pub source: String,
    /// The event's detail-type.
    pub detail_type: String,
    /// What it is about: ARNs or URLs.
    pub resources: Vec<String>,
    /// The event's detail: an object.
    pub detail: Value,
}

/// Why a call is refused. Nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// Whoever calls has not shown that they know the secret.
    #[error("{0}")]
    Forbidden(String),
    /// They know it, and what they say cannot be read: names the place.
    #[error("{0}")]
    Malformed(String),
}

impl HookCall<'_> {
    /// The header of that name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(there, _)| there == name).map(|(_, value)| value.as_str())
    }
}
