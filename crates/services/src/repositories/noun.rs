//! What the store keeps of a repository.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_domain::{AccountId, Arn, Region, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

/// A repository of an account. It is no region's: where an event needs one, it is told in the default region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// Whose.
    pub account: AccountId,
    /// Its name, unique in the account.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// The refs that were told last: full name (`refs/heads/main`) and commit.
    pub refs: BTreeMap<String, String>,
}

impl Repository {
    /// Where its news is told.
    pub fn scope(&self) -> Scope {
        Scope { account: self.account.clone(), region: Region::default_region() }
    }

    /// Its ARN, in CodeCommit's form.
    pub fn arn(&self) -> Arn {
        Arn::new("codecommit", &self.scope(), self.name.clone())
    }
}

impl Noun for Repository {
    const KIND: &'static str = "git-repository";

    fn scope(&self) -> String {
        self.account.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}
