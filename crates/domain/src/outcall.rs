//! A call of somebody else's HTTP API, and what it answers.

use std::{fmt, time::Duration};

use bytes::Bytes;

/// One request to somewhere outside. Its headers, path and body may hold secrets: `Debug` shows none of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Outcall {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole URL, encoded, with its query.
    pub url: String,
    /// Names and values, in order. `Host` and `Content-Length` are the driver's.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// After which it is given up, answer and all.
    pub limit: Duration,
    /// The answer's body may have so many bytes.
    pub largest: usize,
}

/// What came back, whatever its status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What the server says of the status, such as `Not Found`.
    pub reason: String,
    /// Names in lower case, and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of that name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Outcall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcall").field("method", &self.method).finish_non_exhaustive()
    }
}
