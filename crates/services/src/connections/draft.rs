//! A request before its connection has had its say, and what it becomes. Pure.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#http-task-data-merge>

use std::{fmt, time::Duration};

use serde_json::{Map, Value};
use trainyard_domain::outcall::Outcall;

use super::{
    authority::Authority,
    form::{Arrays, form, joined, text},
};

/// A request without credentials.
#[derive(Clone, PartialEq)]
pub struct Draft {
    /// The method.
    pub method: String,
    /// The URL; it may have a query.
    pub url: String,
    /// What whoever sends says of itself: neither user nor connection changes these.
    pub fixed: Vec<(&'static str, String)>,
    /// Headers; the connection's of the same names stand instead.
    pub headers: Vec<(String, String)>,
    /// What is added to the query; the connection's of the same names stand instead.
    pub query: Vec<(String, String)>,
    /// The body; the connection's members stand instead of its own.
    pub body: Option<Value>,
    /// How the body is written.
    pub encoding: Encoding,
    /// After which the call is given up.
    pub limit: Duration,
    /// The answer's body may have so many bytes.
    pub largest: usize,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// As JSON; a text as it is.
    #[default]
    Json,
    /// As a form.
    Form(Arrays),
}

/// The body is a text, and the connection has members for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAnObject;

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("method", &self.method).finish_non_exhaustive()
    }
}

impl Draft {
    /// The request with all that the connection adds.
    pub(super) fn completed(&self, authority: &Authority) -> Result<Outcall, NotAnObject> {
        let body = self.whole_body(authority)?;
        let mut headers = self.whole_headers(authority);
        let written = match (&body, self.encoding) {
            (None, _) => String::new(),
            (Some(body @ Value::String(_)), _) => text(body),
            (Some(body), Encoding::Json) => body.to_string(),
            (Some(body), Encoding::Form(arrays)) => form(body, arrays),
        };
        if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("Content-Type".to_owned(), "application/json; charset=UTF-8".to_owned()));
        }
        Ok(Outcall {
            method: self.method.clone(),
            url: self.whole_url(authority),
            headers,
            body: written.into(),
            limit: self.limit,
            largest: self.largest,
        })
    }

    fn whole_headers(&self, authority: &Authority) -> Vec<(String, String)> {
        let fixed = |name: &str| self.fixed.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let ours = |name: &str| authority.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let own = self.headers.iter().filter(|(name, _)| !ours(name));
        let asked = own.chain(&authority.headers).filter(|(name, _)| !fixed(name)).cloned();
        asked.chain(self.fixed.iter().map(|(name, value)| ((*name).to_owned(), value.clone()))).collect()
    }

    fn whole_url(&self, authority: &Authority) -> String {
        let own =
            self.query.iter().filter(|(name, _)| !authority.query.iter().any(|(known, _)| known == name));
        let query = joined(own.chain(&authority.query).map(|(name, value)| (name.as_str(), value.as_str())));
        let url = self.url.split('#').next().unwrap_or_default();
        match (query.is_empty(), url.contains('?')) {
            (true, _) => url.to_owned(),
            (false, true) => format!("{url}&{query}"),
            (false, false) => format!("{url}?{query}"),
        }
    }

    fn whole_body(&self, authority: &Authority) -> Result<Option<Value>, NotAnObject> {
        if authority.body.is_empty() {
            return Ok(self.body.clone());
        }
        let mut members = match &self.body {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(members)) => members.clone(),
            Some(_) => return Err(NotAnObject),
        };
        for (name, value) in &authority.body {
            members.insert(name.clone(), value.as_str().into());
        }
        Ok(Some(Value::Object(members)))
    }
}
