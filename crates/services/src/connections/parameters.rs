//! The parameters of a connection, secrets and all, in EventBridge's shapes.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnectionAuthRequestParameters.html>

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    connection::Kind,
    constraint::{Violations, is_endpoint, is_header_value, is_token},
};

/// A text that only requests show.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Parameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) basic_auth_parameters: Option<Basic>,
    #[serde(rename = "OAuthParameters", skip_serializing_if = "Option::is_none")]
    pub(super) oauth_parameters: Option<OAuth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) api_key_auth_parameters: Option<ApiKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) invocation_http_parameters: Option<HttpParameters>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Basic {
    pub(super) username: String,
    pub(super) password: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ApiKey {
    pub(super) api_key_name: String,
    pub(super) api_key_value: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OAuth {
    pub(super) client_parameters: Client,
    pub(super) authorization_endpoint: String,
    pub(super) http_method: String,
    #[serde(rename = "OAuthHttpParameters", skip_serializing_if = "Option::is_none")]
    pub(super) http_parameters: Option<HttpParameters>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Client {
    #[serde(rename = "ClientID")]
    pub(super) id: String,
    #[serde(rename = "ClientSecret")]
    pub(super) secret: Secret,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct HttpParameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header_parameters: Option<Vec<Parameter>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) query_string_parameters: Option<Vec<Parameter>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body_parameters: Option<Vec<Parameter>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Parameter {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: Secret,
    #[serde(default)]
    pub(super) is_value_secret: bool,
}

/// What stands in the request.
pub(super) fn pairs(parameters: Option<&Vec<Parameter>>) -> Vec<(String, String)> {
    let parameters = parameters.map(Vec::as_slice).unwrap_or_default();
    parameters.iter().map(|Parameter { key, value, .. }| (key.clone(), value.0.clone())).collect()
}

impl Parameters {
    /// The parameters with a later request's in place of those that it names; a list is replaced whole.
    pub(super) fn changed(&self, by: Value) -> Result<Self, serde_json::Error> {
        let mut whole = serde_json::to_value(self)?;
        overlay(&mut whole, by);
        serde_json::from_value(whole)
    }

    /// Without what belongs to other kinds of authorization than this.
    pub(super) fn only(mut self, kind: Kind) -> Self {
        if kind != Kind::Basic {
            self.basic_auth_parameters = None;
        }
        if kind != Kind::OAuth {
            self.oauth_parameters = None;
        }
        if kind != Kind::ApiKey {
            self.api_key_auth_parameters = None;
        }
        self
    }

    /// Which kind of authorization they are for, if for just one.
    pub(super) fn kind(&self) -> Option<Kind> {
        match (&self.basic_auth_parameters, &self.oauth_parameters, &self.api_key_auth_parameters) {
            (Some(_), None, None) => Some(Kind::Basic),
            (None, Some(_), None) => Some(Kind::OAuth),
            (None, None, Some(_)) => Some(Kind::ApiKey),
            _ => None,
        }
    }

    /// As everyone may see them: without what is secret.
    pub(super) fn shown(&self) -> Value {
        let mut shown = Map::new();
        if let Some(Basic { username, .. }) = &self.basic_auth_parameters {
            shown.insert("BasicAuthParameters".to_owned(), json!({"Username": username}));
        }
        if let Some(ApiKey { api_key_name, .. }) = &self.api_key_auth_parameters {
            shown.insert("ApiKeyAuthParameters".to_owned(), json!({"ApiKeyName": api_key_name}));
        }
        if let Some(oauth) = &self.oauth_parameters {
            let mut of_oauth = json!({
                "ClientParameters": {"ClientID": oauth.client_parameters.id},
                "AuthorizationEndpoint": oauth.authorization_endpoint,
                "HttpMethod": oauth.http_method,
            });
            if let Some(parameters) = &oauth.http_parameters {
                of_oauth["OAuthHttpParameters"] = parameters.shown();
            }
            shown.insert("OAuthParameters".to_owned(), of_oauth);
        }
        if let Some(parameters) = &self.invocation_http_parameters {
            shown.insert("InvocationHttpParameters".to_owned(), parameters.shown());
        }
        Value::Object(shown)
    }

    /// Checks what would otherwise be found out by the first call. Values are not repeated in what is said.
    pub(super) fn check(&self, violations: &mut Violations) {
        let at = |member: &str| format!("authParameters.{member}");
        if let Some(ApiKey { api_key_name, api_key_value }) = &self.api_key_auth_parameters {
            violations.header_name(api_key_name, &at("apiKeyAuthParameters.apiKeyName"));
            violations.hidden(is_header_value(&api_key_value.0), &at("apiKeyAuthParameters.apiKeyValue"));
        }
        if let Some(oauth) = &self.oauth_parameters {
            let method = oauth.http_method.to_ascii_uppercase();
            violations.one_of(&method, &at("oAuthParameters.httpMethod"), &["POST", "GET", "PUT"]);
            if !is_endpoint(&oauth.authorization_endpoint) {
                violations
                    .endpoint(&oauth.authorization_endpoint, &at("oAuthParameters.authorizationEndpoint"));
            }
            if let Some(parameters) = &oauth.http_parameters {
                parameters.check(violations, &at("oAuthParameters.oAuthHttpParameters"));
            }
        }
        if let Some(parameters) = &self.invocation_http_parameters {
            parameters.check(violations, &at("invocationHttpParameters"));
        }
    }
}

impl HttpParameters {
    fn shown(&self) -> Value {
        let list = |parameters: &[Parameter]| parameters.iter().map(Parameter::shown).collect::<Value>();
        let lists = [
            ("HeaderParameters", &self.header_parameters),
            ("QueryStringParameters", &self.query_string_parameters),
            ("BodyParameters", &self.body_parameters),
        ];
        let shown = lists.into_iter().filter_map(|(name, all)| Some((name.to_owned(), list(all.as_ref()?))));
        Value::Object(shown.collect())
    }

    fn check(&self, violations: &mut Violations, at: &str) {
        for (n, Parameter { key, value, .. }) in self.header_parameters.iter().flatten().enumerate() {
            let at = format!("{at}.headerParameters.{}.member", n + 1);
            violations.hidden(is_token(key), &format!("{at}.key"));
            violations.hidden(is_header_value(&value.0), &format!("{at}.value"));
        }
    }
}

impl Parameter {
    fn shown(&self) -> Value {
        if self.is_value_secret {
            return json!({"Key": self.key, "IsValueSecret": true});
        }
        json!({"Key": self.key, "Value": self.value, "IsValueSecret": false})
    }
}

fn overlay(whole: &mut Value, by: Value) {
    match (whole, by) {
        (Value::Object(whole), Value::Object(by)) => {
            for (name, member) in by {
                overlay(whole.entry(name).or_insert(Value::Null), member);
            }
        }
        (whole, by) => *whole = by,
    }
}
