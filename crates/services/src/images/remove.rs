//! Deleting tags and manifests.

use std::time::Duration;

use trainyard_domain::{Principal, Scope, content::Digest};
use trainyard_store::{Changes, Expect, WorkItem};

use super::{
    Error, Images, Manifest, Reference, Tag, news,
    watch::{Sweep, TOPIC},
};
use crate::audit;

/// How long a deleted image's layers stay: somebody may just be pushing another one that has them too.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

impl Images {
    /// Deletes a tag, or a manifest with all its tags. A manifest that an index refers to is not deleted.
    pub async fn delete(
        &self,
        scope: &Scope,
        repository: &str,
        reference: &Reference,
        by: &Principal,
    ) -> Result<Digest, Error> {
        let _alone = self.removal.write().await;
        let manifest = self.manifest(scope, repository, reference).await?;
        let mut changes = Changes::new();
        match reference {
            Reference::Tag(tag) => self.drop_tag(&mut changes, &manifest, tag)?,
            Reference::Digest(_) => self.drop_manifest(&mut changes, &manifest).await?,
        }
        let name = format!("{repository}:{reference}");
        audit::note(&mut changes, &self.ground, by, "ecr:BatchDeleteImage", name)?;
        self.ground.store.commit(changes).await?;
        Ok(manifest.digest)
    }

    /// The same as ECR does it: an image whose last tag goes, goes too.
    /// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html>
    pub async fn delete_image(
        &self,
        scope: &Scope,
        repository: &str,
        reference: &Reference,
        by: &Principal,
    ) -> Result<Digest, Error> {
        let Reference::Tag(tag) = reference else {
            return self.delete(scope, repository, reference, by).await;
        };
        let manifest = self.manifest(scope, repository, reference).await?;
        let last = self.tags_of(&manifest).await? == [tag.as_str()];
        let needed = self.needed_by(scope, repository, &manifest.digest).await?.is_some();
        if last && !needed {
            return self.delete(scope, repository, &Reference::Digest(manifest.digest), by).await;
        }
        self.delete(scope, repository, reference, by).await
    }

    fn drop_tag(&self, changes: &mut Changes, manifest: &Manifest, tag: &str) -> Result<(), Error> {
        let id = Tag::key(&manifest.repository, tag);
        changes.delete::<Tag>(&manifest.scope.to_string(), &id, Expect::Any);
        self.tell_gone(changes, manifest, Some(tag))
    }

    async fn drop_manifest(&self, changes: &mut Changes, manifest: &Manifest) -> Result<(), Error> {
        let (scope, repository) = (&manifest.scope, &manifest.repository);
        if let Some(by) = self.needed_by(scope, repository, &manifest.digest).await? {
            return Err(Error::InUse { digest: manifest.digest.clone(), by });
        }
        let tags = self.tags_of(manifest).await?;
        for tag in &tags {
            self.drop_tag(changes, manifest, tag)?;
        }
        if tags.is_empty() {
            self.tell_gone(changes, manifest, None)?;
        }
        changes.delete::<Manifest>(
            &scope.to_string(),
            &Manifest::key(repository, &manifest.digest),
            Expect::Any,
        );
        let sweep = Sweep::Unreferenced {
            scope: scope.clone(),
            repository: repository.clone(),
            digests: manifest.references.clone(),
        };
        let due = self.ground.now().plus(GRACE);
        changes.schedule(WorkItem::at(TOPIC, self.ground.uuid(), due, sweep.to_body()?));
        Ok(())
    }

    fn tell_gone(&self, changes: &mut Changes, manifest: &Manifest, tag: Option<&str>) -> Result<(), Error> {
        let news = news::News {
            scope: manifest.scope.clone(),
            repository: manifest.repository.clone(),
            digest: manifest.digest.clone(),
            media_type: Some(manifest.media_type.clone()),
            tag: tag.map(str::to_owned),
        };
        Ok(news::deleted(changes, &self.ground, &news)?)
    }
}
