//! Where a thing lives: an account and a region.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

/// A region's code, such as `us-east-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

/// An account and a region: every stored thing lives in exactly one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

/// The text is not an account id, a region or a scope.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{text}` is not {what}")]
pub struct NotAScope {
    text: String,
    what: &'static str,
}

impl AccountId {
    /// The account that is there from the start.
    pub fn default_account() -> Self {
        Self("000000000000".to_owned())
    }

    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Region {
    /// The region used where none is named.
    pub fn default_region() -> Self {
        Self("us-east-1".to_owned())
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Scope {
    /// The default account in the default region.
    pub fn default_scope() -> Self {
        Self { account: AccountId::default_account(), region: Region::default_region() }
    }
}

impl FromStr for AccountId {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotAScope { text: text.to_owned(), what: "an account id of twelve digits" })
    }
}

impl FromStr for Region {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (4..=32).contains(&text.len()) && text.bytes().all(legal) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotAScope { text: text.to_owned(), what: "a region code such as us-east-1" })
    }
}

/// `<account>/<region>`, the form in which the store keeps it.
impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let (account, region) = text
            .split_once('/')
            .ok_or_else(|| NotAScope { text: text.to_owned(), what: "an account/region pair" })?;
        Ok(Self { account: account.parse()?, region: region.parse()? })
    }
}

impl TryFrom<String> for AccountId {
    type Error = NotAScope;
    fn try_from(text: String) -> Result<Self, NotAScope> {
        text.parse()
    }
}

impl TryFrom<String> for Region {
    type Error = NotAScope;
    fn try_from(text: String) -> Result<Self, NotAScope> {
        text.parse()
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        id.0
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}
