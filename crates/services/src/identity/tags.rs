//! Tags of roles and policies.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html>

use std::collections::BTreeSet;

use trainyard_domain::{AccountId, Arn};

use super::{Error, Identity, Tag};
use crate::violations::Violations;

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const MOST: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;
/// What keys and values are made of, as AWS's messages have it.
const PATTERN: &str = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*";

impl Identity {
    /// Adds tags to a role, or replaces those of the same keys.
    pub async fn tag_role(&self, account: &AccountId, role: &str, tags: Vec<Tag>) -> Result<(), Error> {
        check(&tags)?;
        let held = self.held_role(account, role).await?;
        let tags = joined(&held.value.tags, tags)?;
        self.change(held, |role| role.tags = tags).await
    }

    /// Takes tags off a role; those that are not there are off already.
    pub async fn untag_role(&self, account: &AccountId, role: &str, keys: &[String]) -> Result<(), Error> {
        check_keys(keys)?;
        let held = self.held_role(account, role).await?;
        self.change(held, |role| role.tags.retain(|tag| !named(keys, tag))).await
    }

    /// Adds tags to a policy, or replaces those of the same keys.
    pub async fn tag_policy(&self, account: &AccountId, policy: &Arn, tags: Vec<Tag>) -> Result<(), Error> {
        check(&tags)?;
        let held = self.held_policy(account, policy).await?;
        let tags = joined(&held.value.tags, tags)?;
        self.change_policy(held, |policy| policy.tags = tags).await
    }

    /// Takes tags off a policy; those that are not there are off already.
    pub async fn untag_policy(
        &self,
        account: &AccountId,
        policy: &Arn,
        keys: &[String],
    ) -> Result<(), Error> {
        check_keys(keys)?;
        let held = self.held_policy(account, policy).await?;
        self.change_policy(held, |policy| policy.tags.retain(|tag| !named(keys, tag))).await
    }
}

/// Checks tags that come together.
pub(super) fn check(tags: &[Tag]) -> Result<(), Error> {
    check_count(tags.len(), "tags")?;
    let mut violations = Violations::default();
    for (number, Tag { key, value }) in (1..).zip(tags) {
        let member = |name: &str| format!("tags.{number}.member.{name}");
        check_key(&mut violations, key, &member("key"));
        violations.length((value, &member("value")), 0, LONGEST_VALUE);
        violations.pattern(is_legal(value), (value, &member("value")), PATTERN);
    }
    violations.finish().map_err(Error::Invalid)?;
    if tags.iter().any(|tag| folded(&tag.key).starts_with("aws:")) {
        return Err(Error::InvalidInput("Tag keys that start with 'aws:' are reserved for system use."));
    }
    let mut keys = BTreeSet::new();
    if !tags.iter().all(|tag| keys.insert(folded(&tag.key))) {
        return Err(Error::InvalidInput(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ));
    }
    Ok(())
}

fn check_keys(keys: &[String]) -> Result<(), Error> {
    check_count(keys.len(), "tagKeys")?;
    let mut violations = Violations::default();
    for (number, key) in (1..).zip(keys) {
        check_key(&mut violations, key, &format!("tagKeys.{number}.member"));
    }
    violations.finish().map_err(Error::Invalid)
}

fn check_count(count: usize, member: &str) -> Result<(), Error> {
    let mut violations = Violations::default();
    if count > MOST {
        let rule = format!("have length less than or equal to {MOST}");
        violations.add(&format!("{count} of them"), member, &rule);
    }
    violations.finish().map_err(Error::Invalid)
}

fn check_key(violations: &mut Violations, key: &str, member: &str) {
    violations.length((key, member), 1, LONGEST_KEY);
    violations.pattern(is_legal(key), (key, member), &PATTERN.replace('*', "+"));
}

/// Letters, digits and spaces of all scripts, and these.
fn is_legal(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c))
}

/// The tags with the new ones, which take the places of those whose keys differ in case at most.
fn joined(old: &[Tag], new: Vec<Tag>) -> Result<Vec<Tag>, Error> {
    let mut tags = old.to_vec();
    for tag in new {
        match tags.iter_mut().find(|there| folded(&there.key) == folded(&tag.key)) {
            Some(there) => *there = tag,
            None => tags.push(tag),
        }
    }
    if tags.len() > MOST { Err(Error::TooManyTags) } else { Ok(tags) }
}

fn named(keys: &[String], tag: &Tag) -> bool {
    keys.iter().any(|key| folded(key) == folded(&tag.key))
}

/// Upper and lower case make no other key.
fn folded(key: &str) -> String {
    key.to_lowercase()
}
