//! The room's verbs.

use trainyard_domain::{AccountId, Arn, Principal, Scope};
use trainyard_store::{Changes, Expect, Held, List, Range};

use super::{
    Error, PackageRequest, PackageUpdate, describe,
    groups::Group,
    package::{Approval, Decision, Package, package_id},
    told,
};
use crate::{
    artifacts::Artifacts,
    audit,
    ground::{Ground, scope_key},
    images::Images,
    jobs::Jobs,
    listing::{self, Listing},
};

/// The room.
#[derive(Clone)]
pub struct Registry {
    pub(super) ground: Ground,
    pub(super) images: Images,
    pub(super) artifacts: Artifacts,
    pub(super) jobs: Jobs,
}

/// Which versions are listed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this group's.
    pub group: Option<String>,
    /// Only those with this word on them.
    pub approval: Option<Approval>,
}

impl Registry {
    /// The room.
    pub fn new(ground: Ground, images: Images, artifacts: Artifacts, jobs: Jobs) -> Self {
        Self { ground, images, artifacts, jobs }
    }

    /// Makes a version. With a client token that made one before: that one.
    pub async fn create(
        &self,
        who: &Principal,
        scope: &Scope,
        request: PackageRequest,
    ) -> Result<Package, Error> {
        request.check()?;
        loop {
            if let Some(there) = self.by_token(scope, request.client_token.as_deref()).await? {
                return Ok(there);
            }
            let group = self.group(scope, &request.model_package_group_name).await?;
            let package = self.made(who, &group.value, &request).await?;
            let mut changes = Changes::new();
            changes.put(&Group { newest: package.version, ..group.value }, Expect::Version(group.version))?;
            changes.put(&package, Expect::Absent)?;
            told::tell(&mut changes, &package)?;
            audit::note(&mut changes, &self.ground, who, "sagemaker:CreateModelPackage", &package.arn)?;
            match self.ground.store.commit(changes).await {
                // Somebody made another version meanwhile: this one gets the next number.
                Err(trainyard_store::Error::Conflict(_)) => {}
                other => return other.map(|()| package).map_err(Error::from),
            }
        }
    }

    async fn by_token(&self, scope: &Scope, token: Option<&str>) -> Result<Option<Package>, Error> {
        let Some(token) = token else { return Ok(None) };
        let list = List::in_scope(scope_key(scope)).equal("token", token).limit(1);
        Ok(self.ground.store.list::<Package>(list).await?.items.pop().map(|held| held.value))
    }

    async fn made(&self, who: &Principal, group: &Group, request: &PackageRequest) -> Result<Package, Error> {
        let mut inference = request.inference_specification.clone();
        let source =
            self.source(who, &group.scope, inference.as_ref().and_then(|i| i.containers.first())).await;
        if let Some(container) = inference.as_mut().and_then(|i| i.containers.first_mut()) {
            container.image_digest = container.image_digest.take().or_else(|| source.image.clone());
        }
        let (version, now) = (group.newest + 1, self.ground.now());
        let inference = inference.map(serde_json::to_value).transpose();
        Ok(Package {
            arn: Arn::new("sagemaker", &group.scope, format!("model-package/{}/{version}", group.name)),
            scope: group.scope.clone(),
            group: group.name.clone(),
            version,
            description: request.model_package_description.clone(),
            inference: inference.map_err(|e| Error::Invalid(e.to_string()))?,
            metrics: request.model_metrics.clone(),
            properties: request.customer_metadata_properties.clone(),
            metadata: request.metadata_properties.clone(),
            tags: request.tags.clone(),
            source,
            approval: request.model_approval_status,
            decisions: Vec::new(),
            token: request.client_token.clone(),
            principal: who.clone(),
            created: now,
            modified: now,
        })
    }

    /// The version, by its ARN. To another account it is not there.
    pub async fn find(&self, account: &AccountId, arn: &str) -> Result<Held<Package>, Error> {
        let missing = || Error::NotFound(format!("ModelPackage {arn}"));
        let parsed: Arn =
            arn.parse().map_err(|_| Error::Invalid(format!("`{arn}` is not a model package's ARN")))?;
        let (group, version) =
            parsed.resource_of("model-package").and_then(|r| r.split_once('/')).ok_or_else(missing)?;
        let scope = parsed.scope().filter(|scope| scope.account == *account).ok_or_else(missing)?;
        let version = version.parse().map_err(|_| missing())?;
        self.ground.store.get(&scope_key(&scope), &package_id(group, version)).await?.ok_or_else(missing)
    }

    /// Changes a version: its approval above all. Saying the same again changes nothing and tells nothing.
    pub async fn update(&self, who: &Principal, update: PackageUpdate) -> Result<Package, Error> {
        loop {
            let held = self.find(&who.account, &update.model_package_arn).await?;
            let mut package = held.value.clone();
            apply(&mut package, who, &update);
            if package == held.value {
                return Ok(package);
            }
            package.modified = self.ground.now();
            if let Some(decision) =
                package.decisions.last_mut().filter(|_| package.approval != held.value.approval)
            {
                decision.when = package.modified;
            }
            let mut changes = Changes::new();
            changes.put(&package, Expect::Version(held.version))?;
            told::tell(&mut changes, &package)?;
            audit::note(&mut changes, &self.ground, who, "sagemaker:UpdateModelPackage", &package.arn)?;
            match self.ground.store.commit(changes).await {
                Err(trainyard_store::Error::Conflict(_)) => {}
                other => return other.map(|()| package).map_err(Error::from),
            }
        }
    }

    /// Removes a version. Its number is not used again.
    pub async fn delete(&self, who: &Principal, arn: &str) -> Result<(), Error> {
        let held = self.find(&who.account, arn).await?;
        let mut changes = Changes::new();
        let id = package_id(&held.value.group, held.value.version);
        changes.delete::<Package>(&scope_key(&held.value.scope), &id, Expect::Version(held.version));
        audit::note(&mut changes, &self.ground, who, "sagemaker:DeleteModelPackage", arn)?;
        Ok(self.ground.store.commit(changes).await?)
    }

    /// One page of versions, and the next page's cursor.
    pub async fn list(
        &self,
        scope: &Scope,
        filter: &Filter,
        listing: &Listing,
    ) -> Result<(Vec<Package>, Option<String>), Error> {
        let list = List::in_scope(scope_key(scope));
        let list = match &filter.group {
            Some(group) => list.by("group").within(versions_of(group)),
            None => list.by("created"),
        };
        let fits = |package: &Package| filter.approval.is_none_or(|approval| package.approval == approval);
        Ok(listing::page(&self.ground.store, list, listing, fits).await?)
    }

    /// The versions that wait for somebody's word, in all scopes.
    pub async fn pending(&self) -> Result<Vec<Package>, Error> {
        let page = self.ground.store.list::<Package>(List::everywhere().by("pending").limit(1000)).await?;
        Ok(page.items.into_iter().map(|held| held.value).collect())
    }

    /// The version as DescribeModelPackage shows it, times in milliseconds.
    pub fn describe(&self, package: &Package) -> serde_json::Value {
        describe::package(package)
    }
}

fn apply(package: &mut Package, who: &Principal, update: &PackageUpdate) {
    if let Some(approval) = update.model_approval_status.filter(|a| *a != package.approval) {
        package.approval = approval;
        let (who, why) = (who.arn.clone(), update.approval_description.clone());
        package.decisions.push(Decision { approval, who, when: package.modified, why });
    }
    package.properties.extend(update.customer_metadata_properties.clone());
    for name in &update.customer_metadata_properties_to_remove {
        package.properties.remove(name);
    }
}

pub(super) fn versions_of(group: &str) -> Range {
    Range::prefix(&format!("{group}/"))
}
