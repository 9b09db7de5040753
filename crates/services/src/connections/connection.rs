//! A connection as it is remembered.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use trainyard_domain::{Arn, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use super::parameters::Parameters;

/// A connection, without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Where.
    pub scope: Scope,
    /// Its name, unique in the scope.
    pub name: String,
    /// Tells it from others that have had its name.
    pub id: String,
    /// What it is for.
    pub description: Option<String>,
    /// How it shows who calls.
    pub(super) kind: Kind,
    /// Its parameters, as everyone may see them.
    pub shown: Value,
    /// How it is.
    pub state: State,
    /// Why it is so, if that needs saying.
    pub reason: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub modified: Timestamp,
    /// When its parameters were found good last.
    pub authorized: Option<Timestamp>,
    /// Counts the changes of its parameters: a token belongs to one of them.
    pub revision: u64,
}

/// What CreateConnection and UpdateConnection ask for; what an update leaves out stays, unless it is whole.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ConnectionRequest {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// How it shows who calls.
    pub authorization_type: Option<String>,
    /// Its parameters, secrets and all.
    pub auth_parameters: Option<Value>,
    /// For an update that says all there is: what it leaves out is taken away.
    #[serde(skip)]
    pub whole: bool,
    /// What tells it from others that have had its name, for one whose ARN must be known before it is made.
    #[serde(skip)]
    pub id: Option<String>,
}

/// How a connection shows who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    /// A user and a password.
    #[serde(rename = "BASIC")]
    Basic,
    /// A client's id and secret, for which there is a token.
    #[serde(rename = "OAUTH_CLIENT_CREDENTIALS")]
    OAuth,
    /// A key in a header.
    #[serde(rename = "API_KEY")]
    ApiKey,
}

/// How a connection is, in EventBridge's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// It can be used.
    Authorized,
    /// Its first token is being got.
    Authorizing,
    /// It has no parameters, or they are refused.
    Deauthorized,
}

/// A connection's parameters. Read only to make a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Secrets {
    pub(super) scope: Scope,
    pub(super) name: String,
    pub(super) parameters: Parameters,
}

impl Kind {
    pub(super) const NAMES: [&str; 3] = ["BASIC", "OAUTH_CLIENT_CREDENTIALS", "API_KEY"];

    pub(super) fn read(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }
}

impl State {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorized => "AUTHORIZED",
            Self::Authorizing => "AUTHORIZING",
            Self::Deauthorized => "DEAUTHORIZED",
        }
    }
}

impl Connection {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        Arn::new("events", &self.scope, format!("connection/{}/{}", self.name, self.id))
    }

    /// What calls that change it answer: its ARN, its state (or what it is turning into) and its times.
    pub fn summary(&self, state: Option<&str>) -> Map<String, Value> {
        members([
            ("ConnectionArn", json!(self.arn())),
            ("ConnectionState", json!(state.unwrap_or(self.state.as_str()))),
            ("CreationTime", json!(self.created)),
            ("LastModifiedTime", json!(self.modified)),
        ])
    }

    /// The same with when it was found good last.
    pub fn summary_with_authorization(&self, state: Option<&str>) -> Map<String, Value> {
        let mut shown = self.summary(state);
        shown.extend(members([("LastAuthorizedTime", json!(self.authorized))]));
        shown
    }

    /// As ListConnections shows it.
    pub fn listed(&self) -> Map<String, Value> {
        let mut shown = self.summary_with_authorization(None);
        shown.extend(members([
            ("Name", json!(self.name)),
            ("AuthorizationType", json!(self.kind)),
            ("StateReason", json!(self.reason)),
        ]));
        shown
    }

    /// As DescribeConnection shows it.
    pub fn described(&self) -> Map<String, Value> {
        let secret = format!("secret:events!connection/{}/{}", self.name, self.id);
        let mut shown = self.listed();
        shown.extend(members([
            ("Description", json!(self.description)),
            ("AuthParameters", self.shown.clone()),
            ("SecretArn", json!(Arn::new("secretsmanager", &self.scope, secret))),
        ]));
        shown
    }
}

/// An object of those members that are something.
pub(super) fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    let there = members.into_iter().filter(|(_, value)| !value.is_null());
    there.map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Noun for Connection {
    const KIND: &'static str = "connection";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

impl Noun for Secrets {
    const KIND: &'static str = "connection-secrets";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}
