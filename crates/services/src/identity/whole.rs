//! A role as a whole: made or changed to be just so, and removed with its policies. For who describes a role in one
//! piece, such as a template.

use std::collections::BTreeMap;

use trainyard_domain::{AccountId, Arn, Principal};
use trainyard_store::{Changes, Expect};

use super::{
    Error, Identity, NewRole, Role, changes, policies,
    roles::{self, anywhere},
    tags,
    unique::unique_id,
};
use crate::audit;

/// A role, with its policies.
#[derive(Clone, Debug, Default)]
pub struct WholeRole {
    /// The role.
    pub new: NewRole,
    /// The policies attached.
    pub attached: Vec<Arn>,
    /// Its own policies by name, as JSON text.
    pub inline: BTreeMap<String, String>,
}

/// Checks all that can be said of a role before it is made; says what its ARN will be.
pub fn check_role(
    account: &AccountId,
    new: &NewRole,
    inline: &BTreeMap<String, String>,
) -> Result<Arn, Error> {
    policies::check_name("roleName", &new.name, 64)?;
    policies::check_document(&new.trust_policy)?;
    for (name, document) in inline {
        policies::check_name("policyName", name, 128)?;
        policies::check_document(document)?;
    }
    changes::check_description(new.description.as_deref())?;
    tags::check(&new.tags)?;
    roles::check_session_seconds(new.max_session_seconds.unwrap_or(3600))?;
    let path = policies::checked_path(new.path.clone())?;
    Ok(Arn::global("iam", &anywhere(account), format!("role{path}{}", new.name)))
}

impl Identity {
    /// Makes the role, or makes the one of that name be just so. Its path cannot be changed.
    pub async fn put_role(
        &self,
        account: &AccountId,
        by: &Principal,
        whole: WholeRole,
    ) -> Result<Role, Error> {
        let WholeRole { new, attached, inline } = whole;
        let arn = check_role(account, &new, &inline)?;
        let path = policies::checked_path(new.path)?;
        loop {
            let held = self.ground.store.get::<Role>(account.as_str(), &new.name).await?;
            if held.as_ref().is_some_and(|held| held.value.arn != arn) {
                let words =
                    format!("the path of the role {} cannot be changed: give it another name", new.name);
                return Err(Error::Invalid(words));
            }
            let (expect, created) = held.map_or((Expect::Absent, self.ground.now()), |held| {
                (Expect::Version(held.version), held.value.created)
            });
            let role = Role {
                account: account.clone(),
                name: new.name.clone(),
                path: path.clone(),
                role_id: unique_id("AROA", &arn.to_string()),
                arn: arn.clone(),
                trust_policy: new.trust_policy.clone(),
                description: new.description.clone(),
                max_session_seconds: new.max_session_seconds.unwrap_or(3600),
                tags: new.tags.clone(),
                created,
                attached: attached.clone(),
                inline: inline.clone(),
            };
            let mut changes = Changes::new();
            changes.put(&role, expect)?;
            audit::note(&mut changes, &self.ground, by, "iam:UpdateRole", &role.arn)?;
            match self.ground.store.commit(changes).await {
                Err(trainyard_store::Error::Conflict(_)) => {}
                other => return Ok(other.map(|()| role)?),
            }
        }
    }

    /// Removes the role and its own policies.
    pub async fn remove_role(&self, account: &AccountId, by: &Principal, name: &str) -> Result<(), Error> {
        let role = self.role(account, name).await?;
        let mut changes = Changes::new();
        changes.delete::<Role>(account.as_str(), name, Expect::Any);
        audit::note(&mut changes, &self.ground, by, "iam:DeleteRole", &role.arn)?;
        Ok(self.ground.store.commit(changes).await?)
    }
}
