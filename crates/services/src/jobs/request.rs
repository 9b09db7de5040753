//! The members that training and processing requests share, as AWS shapes them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Error;
use crate::artifacts::Place;

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A place in S3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct S3Uri {
    /// The bucket.
    pub bucket: String,
    /// The key, or a prefix of keys; may be empty.
    pub key: String,
}

impl TryFrom<String> for S3Uri {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let rest = text.strip_prefix("s3://").or_else(|| text.strip_prefix("https://s3://"));
        let (bucket, key) = rest.map(|rest| rest.split_once('/').unwrap_or((rest, ""))).unwrap_or(("", ""));
        if bucket.is_empty() {
            return Err(format!("`{text}` is not an S3 URI of the form s3://bucket/key"));
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

impl From<S3Uri> for String {
    fn from(uri: S3Uri) -> Self {
        uri.to_string()
    }
}

impl std::fmt::Display for S3Uri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl S3Uri {
    /// The place as the room of artifacts knows it.
    pub fn place(&self) -> Place {
        Place::new(&self.bucket, &self.key)
    }

    /// This place with `path` below it.
    pub fn join(&self, path: &str) -> Self {
        let key = if self.key.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.key.trim_end_matches('/'))
        };
        Self { bucket: self.bucket.clone(), key }
    }
}

/// The rule of most SageMaker names: letters and digits with single or several dashes between, at most 63.
pub fn check_name(member: &str, name: &str) -> Result<(), Error> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if name.is_empty() || name.len() > 63 {
        return Err(Error::Invalid(format!(
            "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: Member must have length {}",
            if name.is_empty() { "greater than or equal to 1" } else { "less than or equal to 63" }
        )));
    }
    if !name.bytes().all(legal) || name.starts_with('-') || name.ends_with('-') {
        return Err(Error::Invalid(format!(
            "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){{0,62}}"
        )));
    }
    Ok(())
}

/// What a program is given must be texts that the system can carry, and names of variables must be names.
pub(super) fn check_given<'a>(
    environment: &'a BTreeMap<String, String>,
    others: impl IntoIterator<Item = &'a String>,
) -> Result<(), Error> {
    let legal = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if let Some(name) = environment.keys().find(|name| !legal(name)) {
        return Err(Error::Invalid(format!(
            "`{name}` cannot be a variable's name in `Environment`: use letters, digits and `_`"
        )));
    }
    if environment.values().chain(others).any(|text| text.contains('\0')) {
        return Err(Error::Invalid("a value has a zero byte, which no program can be given".to_owned()));
    }
    Ok(())
}

/// A job must be allowed some time.
pub(super) fn check_limit(seconds: u64) -> Result<(), Error> {
    if seconds == 0 {
        return Err(Error::Invalid(
            "1 validation error detected: Value '0' at 'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint: Member must have value greater than or equal to 1".to_owned(),
        ));
    }
    Ok(())
}

/// Names that may stand only once.
pub(super) fn check_once<'a>(what: &str, names: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    match names.into_iter().find(|name| !seen.insert(*name)) {
        Some(twice) => Err(Error::Invalid(format!("the {what} `{twice}` is there twice"))),
        None => Ok(()),
    }
}

/// A member that may only have the value that asks for nothing.
pub(super) fn only(member: &str, asked: bool) -> Result<(), Error> {
    if asked {
        Err(Error::Invalid(format!("`{member}` cannot be honoured here: leave it out or set it to false")))
    } else {
        Ok(())
    }
}

/// One instance is what a job gets here.
pub(super) fn check_instances(count: u32) -> Result<(), Error> {
    if count == 1 {
        Ok(())
    } else {
        Err(Error::Invalid(format!("`InstanceCount` is {count}: jobs run on one instance here")))
    }
}
