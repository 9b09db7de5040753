//! Managed policies: stored, not evaluated.

use serde::{Deserialize, Serialize};
use trainyard_domain::{AccountId, Arn, Timestamp};
use trainyard_store::{Changes, Expect, Held, Keys, Noun};

use super::{Error, Identity, Tag, error::exists, roles::anywhere, tags, unique::unique_id};

/// A policy of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Its path; `/` mostly.
    pub path: String,
    /// Its ARN.
    pub arn: Arn,
    /// `ANPA…`.
    pub policy_id: String,
    /// The policy itself, as JSON text.
    pub document: String,
    /// What it is for.
    pub description: Option<String>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// When it was made.
    pub created: Timestamp,
}

/// What a policy is made from.
#[derive(Clone, Debug, Default)]
pub struct NewPolicy {
    /// Its name.
    pub name: String,
    /// Its path; none means `/`.
    pub path: Option<String>,
    /// JSON text.
    pub document: String,
    /// What it is for.
    pub description: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

impl Noun for Policy {
    const KIND: &'static str = "policy";

    fn scope(&self) -> String {
        self.account.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

impl Identity {
    /// Makes a policy.
    pub async fn create_policy(&self, account: &AccountId, new: NewPolicy) -> Result<Policy, Error> {
        check_name("policyName", &new.name, 128)?;
        check_document(&new.document)?;
        tags::check(&new.tags)?;
        let path = checked_path(new.path)?;
        let arn = Arn::global("iam", &anywhere(account), format!("policy{path}{}", new.name));
        let policy = Policy {
            account: account.clone(),
            policy_id: unique_id("ANPA", &arn.to_string()),
            arn,
            path,
            document: new.document,
            description: new.description,
            tags: new.tags,
            created: self.ground.now(),
            name: new.name,
        };
        let mut changes = Changes::new();
        changes.put(&policy, Expect::Absent)?;
        self.ground.store.commit(changes).await.map_err(|e| exists(e, "A policy", &policy.name))?;
        Ok(policy)
    }

    /// The policy.
    pub async fn policy(&self, account: &AccountId, arn: &Arn) -> Result<Policy, Error> {
        self.held_policy(account, arn).await.map(|held| held.value)
    }

    pub(super) async fn held_policy(&self, account: &AccountId, arn: &Arn) -> Result<Held<Policy>, Error> {
        let name = arn.resource.rsplit('/').next().unwrap_or_default();
        let held = self.ground.store.get::<Policy>(account.as_str(), name).await?;
        let held = held.filter(|held| held.value.arn == *arn);
        held.ok_or_else(|| Error::NotFound { what: "policy", name: arn.to_string() })
    }

    pub(super) async fn change_policy(
        &self,
        mut held: Held<Policy>,
        change: impl FnOnce(&mut Policy),
    ) -> Result<(), Error> {
        change(&mut held.value);
        let mut changes = Changes::new();
        changes.put(&held.value, Expect::Version(held.version))?;
        Ok(self.ground.store.commit(changes).await?)
    }

    /// Removes a policy that is attached nowhere.
    pub async fn delete_policy(&self, account: &AccountId, arn: &Arn) -> Result<(), Error> {
        let policy = self.policy(account, arn).await?;
        if self.attachments(&policy).await? > 0 {
            return Err(Error::InUse("Cannot delete a policy attached to entities."));
        }
        let mut changes = Changes::new();
        changes.delete::<Policy>(account.as_str(), &policy.name, Expect::Any);
        Ok(self.ground.store.commit(changes).await?)
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub(super) fn check_name(member: &str, name: &str, longest: usize) -> Result<(), Error> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if (1..=longest).contains(&name.len()) && name.chars().all(legal) {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "the value `{name}` at `{member}` must have 1 to {longest} letters, digits or any of _+=,.@-"
    )))
}

pub(super) fn checked_path(path: Option<String>) -> Result<String, Error> {
    let path = path.unwrap_or_else(|| "/".to_owned());
    let legal = path.starts_with('/') && path.ends_with('/') && path.len() <= 512;
    if legal && path.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(path);
    }
    Err(Error::Invalid(format!("the path `{path}` must begin and end with /")))
}

/// A document must be a JSON object with a Statement.
pub(super) fn check_document(document: &str) -> Result<(), Error> {
    let value: serde_json::Value =
        serde_json::from_str(document).map_err(|e| Error::MalformedPolicy(e.to_string()))?;
    match value.get("Statement") {
        Some(statement) if statement.is_array() || statement.is_object() => Ok(()),
        _ => Err(Error::MalformedPolicy("it is no JSON object with a Statement".to_owned())),
    }
}
