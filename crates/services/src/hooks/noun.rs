//! What the store keeps of a hook.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

/// A delivery is remembered at least so long: GitHub offers to send one again for three days.
pub const SHORTEST_MEMORY: Duration = Duration::from_secs(72 * 3600);

/// A hook, without its secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebHook {
    /// Where its events are told.
    pub scope: Scope,
    /// Its name: the last piece of its URL, so it is unique in the server.
    pub name: String,
    /// Tells it from others that have had its name.
    pub id: String,
    /// Who calls it.
    pub kind: String,
    /// The bus that its events are told on.
    pub bus: String,
    /// When it was made.
    pub created: Timestamp,
    /// When its secret was made.
    pub rotated: Timestamp,
}

/// The secrets of a hook. Read only to verify a call.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Secrets {
    /// The hook's name.
    pub(super) name: String,
    /// The one that is good.
    pub(super) secret: String,
    /// The one before, and until when it is good too.
    pub(super) before: Option<(String, Timestamp)>,
}

/// A delivery that was told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Delivery {
    /// The hook's id.
    pub(super) hook: String,
    /// What its sender calls it.
    pub(super) delivery: String,
    /// When it came.
    pub(super) at: Timestamp,
}

impl WebHook {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        Arn::new("trainyard", &self.scope, format!("hook/{}", self.name))
    }
}

impl Secrets {
    /// Those that are good at that moment.
    pub(super) fn good(&self, now: Timestamp) -> Vec<String> {
        let before = self.before.iter().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        std::iter::once(&self.secret).chain(before).cloned().collect()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The index key of an account's hooks: `<scope>/<name>`.
pub(super) const OWNER: &str = "owner";
/// The index key of deliveries by time.
pub(super) const AT: &str = "at";

impl Noun for WebHook {
    const KIND: &'static str = "web-hook";

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add(OWNER, format!("{}/{}", self.scope, self.name));
    }
}

impl Noun for Secrets {
    const KIND: &'static str = "web-hook-secrets";

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

impl Noun for Delivery {
    const KIND: &'static str = "web-hook-delivery";

    fn scope(&self) -> String {
        self.hook.clone()
    }

    fn id(&self) -> String {
        self.delivery.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add_number(AT, self.at.millis());
    }
}
