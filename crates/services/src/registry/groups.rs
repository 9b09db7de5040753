//! Groups of model packages.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_store::{Changes, Expect, Held, Keys, List, Noun};

use super::{Error, Package, room::Registry};
use crate::{
    audit,
    ground::scope_key,
    jobs::{Tag, check_name},
    listing::{self, Listing},
};

/// A group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Where.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: Arn,
    /// What it is for.
    pub description: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// The number of its newest version: numbers are never used again.
    pub newest: u64,
    /// Who made it.
    pub principal: Principal,
    /// When.
    pub created: Timestamp,
}

impl Noun for Group {
    const KIND: &'static str = "model-package-group";

    fn scope(&self) -> String {
        scope_key(&self.scope)
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add_number("created", self.created.millis());
    }
}

impl Registry {
    /// Makes a group.
    pub async fn create_group(
        &self,
        who: &Principal,
        scope: &Scope,
        group: (String, Option<String>, Vec<Tag>),
    ) -> Result<Group, Error> {
        let (name, description, tags) = group;
        check_name("modelPackageGroupName", &name).map_err(|e| Error::Invalid(e.to_string()))?;
        let group = Group {
            arn: Arn::new("sagemaker", scope, format!("model-package-group/{name}")),
            scope: scope.clone(),
            name,
            description,
            tags,
            newest: 0,
            principal: who.clone(),
            created: self.ground.now(),
        };
        let mut changes = Changes::new();
        changes.put(&group, Expect::Absent)?;
        audit::note(&mut changes, &self.ground, who, "sagemaker:CreateModelPackageGroup", &group.arn)?;
        match self.ground.store.commit(changes).await {
            Err(trainyard_store::Error::Conflict(_)) => {
                Err(Error::Exists(format!("ModelPackageGroup {}", group.arn)))
            }
            other => other.map(|()| group).map_err(Error::from),
        }
    }

    /// Makes a group, or gives the one that is there this description and these tags. Its versions stay.
    pub async fn put_group(
        &self,
        who: &Principal,
        scope: &Scope,
        group: (String, Option<String>, Vec<Tag>),
    ) -> Result<Group, Error> {
        match self.create_group(who, scope, group.clone()).await {
            Err(Error::Exists(_)) => {}
            other => return other,
        }
        let (name, description, tags) = group;
        loop {
            let held = self.group(scope, &name).await?;
            let changed =
                Group { description: description.clone(), tags: tags.clone(), ..held.value.clone() };
            if changed.description == held.value.description && changed.tags == held.value.tags {
                return Ok(changed);
            }
            let mut changes = Changes::new();
            changes.put(&changed, Expect::Version(held.version))?;
            audit::note(&mut changes, &self.ground, who, "sagemaker:CreateModelPackageGroup", &changed.arn)?;
            match self.ground.store.commit(changes).await {
                Err(trainyard_store::Error::Conflict(_)) => {}
                other => return other.map(|()| changed).map_err(Error::from),
            }
        }
    }

    /// The group, by its name or its ARN.
    pub async fn group(&self, scope: &Scope, name: &str) -> Result<Held<Group>, Error> {
        let (scope, name) = named(scope, name);
        let found = self.ground.store.get(&scope_key(&scope), &name).await?;
        let arn = Arn::new("sagemaker", &scope, format!("model-package-group/{name}"));
        found.ok_or_else(|| Error::NotFound(format!("ModelPackageGroup {arn}")))
    }

    /// One page of groups by creation, and the next page's cursor.
    pub async fn groups(
        &self,
        scope: &Scope,
        listing: &Listing,
    ) -> Result<(Vec<Group>, Option<String>), Error> {
        let list = List::in_scope(scope_key(scope)).by("created");
        Ok(listing::page(&self.ground.store, list, listing, |group: &Group| listing.names(&group.name))
            .await?)
    }

    /// Removes a group that has no versions.
    pub async fn delete_group(&self, who: &Principal, scope: &Scope, name: &str) -> Result<(), Error> {
        let held = self.group(scope, name).await?;
        let group = &held.value;
        let versions =
            List::in_scope(scope_key(&group.scope)).by("group").within(super::room::versions_of(&group.name));
        if self.ground.store.has_any::<Package>(versions).await? {
            return Err(Error::Conflict(format!(
                "Model Package Group {} cannot be deleted because it still contains Model Packages.",
                group.arn
            )));
        }
        let mut changes = Changes::new();
        changes.delete::<Group>(&scope_key(&group.scope), &group.name, Expect::Version(held.version));
        audit::note(&mut changes, &self.ground, who, "sagemaker:DeleteModelPackageGroup", &group.arn)?;
        Ok(self.ground.store.commit(changes).await?)
    }
}

/// A group is named by its name or by its ARN, which must be of the own account to mean anything.
fn named(scope: &Scope, name: &str) -> (Scope, String) {
    let arn = name.parse::<Arn>().ok();
    let own = |there: &Scope| there.account == scope.account;
    let by_arn = arn
        .as_ref()
        .and_then(|arn| Some((arn.scope().filter(own)?, arn.resource_of("model-package-group")?.to_owned())));
    by_arn.unwrap_or_else(|| (scope.clone(), name.to_owned()))
}
