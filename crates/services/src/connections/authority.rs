//! What a connection adds to a request. Pure.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::parameters::{ApiKey, Basic, Parameters, pairs};

/// Names and values that stand in a request instead of the request's own.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Authority {
    pub(super) headers: Vec<(String, String)>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Vec<(String, String)>,
}

impl Authority {
    /// Of these parameters; `token` is the one that OAuth has given.
    pub(super) fn of(parameters: &Parameters, token: Option<&str>) -> Self {
        let more = parameters.invocation_http_parameters.clone().unwrap_or_default();
        let mut headers = pairs(more.header_parameters.as_ref());
        if let Some(Basic { username, password }) = &parameters.basic_auth_parameters {
            let said = STANDARD.encode(format!("{username}:{}", password.0));
            set(&mut headers, "Authorization", format!("Basic {said}"));
        }
        if let Some(ApiKey { api_key_name, api_key_value }) = &parameters.api_key_auth_parameters {
            set(&mut headers, api_key_name, api_key_value.0.clone());
        }
        if let Some(token) = token {
            set(&mut headers, "Authorization", format!("Bearer {token}"));
        }
        Self {
            headers,
            query: pairs(more.query_string_parameters.as_ref()),
            body: pairs(more.body_parameters.as_ref()),
        }
    }
}

fn set(headers: &mut Vec<(String, String)>, name: &str, value: String) {
    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    headers.push((name.to_owned(), value));
}
