//! Roles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_domain::{AccountId, Arn, Region, Scope, Timestamp};
use trainyard_store::{Changes, Expect, Held, Keys, Noun};

use super::{Error, Identity, Policy, changes, error::exists, policies, tags, unique::unique_id};

/// A role of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Its path; `/` mostly.
    pub path: String,
    /// Its ARN.
    pub arn: Arn,
    /// `AROA…`.
    pub role_id: String,
    /// Who may assume it, as JSON text. Evaluated for AWS's services only.
    pub trust_policy: String,
    /// What it is for.
    pub description: Option<String>,
    /// How long a session may last, in seconds.
    pub max_session_seconds: u32,
    /// Tags.
    pub tags: Vec<Tag>,
    /// When it was made.
    pub created: Timestamp,
    /// The ARNs of the policies attached. Stored, not evaluated.
    pub attached: Vec<Arn>,
    /// Its own policies by name, as JSON text. Stored, not evaluated.
    pub inline: BTreeMap<String, String>,
}

/// A tag, as IAM writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// What a role is made from.
#[derive(Clone, Debug, Default)]
pub struct NewRole {
    /// Its name.
    pub name: String,
    /// Its path; none means `/`.
    pub path: Option<String>,
    /// Who may assume it: JSON text.
    pub trust_policy: String,
    /// What it is for.
    pub description: Option<String>,
    /// How long a session may last, in seconds.
    pub max_session_seconds: Option<u32>,
    /// Tags.
    pub tags: Vec<Tag>,
}

impl Noun for Role {
    const KIND: &'static str = "role";

    fn scope(&self) -> String {
        self.account.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        for policy in &self.attached {
            keys.add("policy", policy.to_string());
        }
    }
}

impl Identity {
    /// Makes a role.
    pub async fn create_role(&self, account: &AccountId, new: NewRole) -> Result<Role, Error> {
        policies::check_name("roleName", &new.name, 64)?;
        policies::check_document(&new.trust_policy)?;
        changes::check_description(new.description.as_deref())?;
        tags::check(&new.tags)?;
        let seconds = new.max_session_seconds.unwrap_or(3600);
        check_session_seconds(seconds)?;
        let path = policies::checked_path(new.path)?;
        let arn = Arn::global("iam", &anywhere(account), format!("role{path}{}", new.name));
        let role = Role {
            account: account.clone(),
            role_id: unique_id("AROA", &arn.to_string()),
            arn,
            path,
            trust_policy: new.trust_policy,
            description: new.description,
            max_session_seconds: seconds,
            tags: new.tags,
            created: self.ground.now(),
            attached: Vec::new(),
            inline: BTreeMap::new(),
            name: new.name,
        };
        let mut changes = Changes::new();
        changes.put(&role, Expect::Absent)?;
        self.ground.store.commit(changes).await.map_err(|e| exists(e, "Role", &role.name))?;
        Ok(role)
    }

    /// The role.
    pub async fn role(&self, account: &AccountId, name: &str) -> Result<Role, Error> {
        self.held_role(account, name).await.map(|held| held.value)
    }

    /// Removes a role that has no policies any more.
    pub async fn delete_role(&self, account: &AccountId, name: &str) -> Result<(), Error> {
        let held = self.held_role(account, name).await?;
        if !held.value.attached.is_empty() {
            return Err(Error::InUse("Cannot delete entity, must detach all policies first."));
        }
        if !held.value.inline.is_empty() {
            return Err(Error::InUse("Cannot delete entity, must delete policies first."));
        }
        let mut changes = Changes::new();
        changes.delete::<Role>(account.as_str(), name, Expect::Version(held.version));
        Ok(self.ground.store.commit(changes).await?)
    }

    /// Attaches a policy; nothing happens if it is attached already. AWS's own policies need not be known here.
    pub async fn attach_policy(&self, account: &AccountId, role: &str, policy: &Arn) -> Result<(), Error> {
        if policy.account == account.as_str() {
            self.policy(account, policy).await?;
        } else if policy.account != "aws" {
            return Err(Error::NotFound { what: "policy", name: policy.to_string() });
        }
        let held = self.held_role(account, role).await?;
        if held.value.attached.contains(policy) {
            return Ok(());
        }
        self.change(held, |role| role.attached.push(policy.clone())).await
    }

    /// Detaches a policy.
    pub async fn detach_policy(&self, account: &AccountId, role: &str, policy: &Arn) -> Result<(), Error> {
        let held = self.held_role(account, role).await?;
        if !held.value.attached.contains(policy) {
            return Err(Error::NotFound { what: "policy", name: policy.to_string() });
        }
        self.change(held, |role| role.attached.retain(|attached| attached != policy)).await
    }

    /// Puts a policy into the role itself, in place of the one with the same name.
    pub async fn put_role_policy(
        &self,
        account: &AccountId,
        role: &str,
        name: &str,
        document: String,
    ) -> Result<(), Error> {
        policies::check_name("policyName", name, 128)?;
        policies::check_document(&document)?;
        let held = self.held_role(account, role).await?;
        self.change(held, |role| drop(role.inline.insert(name.to_owned(), document))).await
    }

    /// The text of one of the role's own policies.
    pub async fn role_policy(&self, account: &AccountId, role: &str, name: &str) -> Result<String, Error> {
        let role = self.role(account, role).await?;
        let document = role.inline.get(name);
        document.cloned().ok_or_else(|| Error::NotFound { what: "role policy", name: name.to_owned() })
    }

    /// Takes a policy out of the role itself.
    pub async fn delete_role_policy(&self, account: &AccountId, role: &str, name: &str) -> Result<(), Error> {
        let held = self.held_role(account, role).await?;
        if !held.value.inline.contains_key(name) {
            return Err(Error::NotFound { what: "role policy", name: name.to_owned() });
        }
        self.change(held, |role| drop(role.inline.remove(name))).await
    }

    pub(super) async fn change(
        &self,
        mut held: Held<Role>,
        change: impl FnOnce(&mut Role),
    ) -> Result<(), Error> {
        change(&mut held.value);
        let mut changes = Changes::new();
        changes.put(&held.value, Expect::Version(held.version))?;
        Ok(self.ground.store.commit(changes).await?)
    }

    pub(super) async fn held_role(&self, account: &AccountId, name: &str) -> Result<Held<Role>, Error> {
        let held = self.ground.store.get(account.as_str(), name).await?;
        held.ok_or_else(|| Error::NotFound { what: "role", name: name.to_owned() })
    }

    /// How many roles a policy is attached to.
    pub async fn attachments(&self, policy: &Policy) -> Result<usize, Error> {
        let list = trainyard_store::List::in_scope(&policy.account).equal("policy", &policy.arn.to_string());
        Ok(self.ground.store.list::<Role>(list.limit(1000)).await?.items.len())
    }
}

pub(super) fn check_session_seconds(seconds: u32) -> Result<(), Error> {
    if (3600..=43200).contains(&seconds) {
        return Ok(());
    }
    Err(Error::Invalid(format!("MaxSessionDuration {seconds} is not from 3600 to 43200")))
}

pub(super) fn anywhere(account: &AccountId) -> Scope {
    Scope { account: account.clone(), region: Region::default_region() }
}
