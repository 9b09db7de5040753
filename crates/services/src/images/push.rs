//! Putting manifests and tags.

use serde::Deserialize;
use trainyard_domain::{Principal, Scope, content::Digest, image::REVISION_LABEL, principal::Lineage};
use trainyard_store::{Changes, Expect, Held};

use super::{
    Error, Images, Manifest, Reference, Repository, Tag,
    manifest::{MAX_MANIFEST, Parsed, is_image},
    names::check_tag,
    news,
};
use crate::audit;

/// A manifest as it comes.
#[derive(Clone, Debug)]
pub struct Push<'a> {
    /// Where.
    pub scope: &'a Scope,
    /// The repository.
    pub repository: &'a str,
    /// Its tag, or the digest that its bytes must have.
    pub reference: Reference,
    /// What it is.
    pub media_type: &'a str,
    /// The bytes.
    pub body: &'a [u8],
    /// Who pushes: the image carries their lineage on.
    pub by: &'a Principal,
}

/// A manifest that was put.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// What its bytes hash to.
    pub digest: Digest,
    /// The manifest that it speaks of, if any.
    pub subject: Option<Digest>,
}

/// An image's config is small; one that is not cannot be one.
pub(super) const MAX_CONFIG: u64 = 4 << 20;

impl Images {
    /// Puts a manifest, and moves the tag to it. All that it refers to must be there. Putting what is there already
    /// changes nothing and tells nothing.
    pub async fn push(&self, push: Push<'_>) -> Result<Pushed, Error> {
        let repository = self.repository(push.scope, push.repository).await?;
        let (manifest, parsed) = self.read_manifest(&push)?;
        let _stays = self.removal.read().await;
        self.check_references(&manifest, &parsed).await?;
        let manifest = Manifest { lineage: self.lineage_of(&push, &manifest, &parsed).await?, ..manifest };
        let tag = match push.reference {
            Reference::Tag(tag) => Some(tag),
            Reference::Digest(_) => None,
        };
        while !self.put(&repository, &manifest, tag.as_deref(), push.by).await? {}
        Ok(Pushed { digest: manifest.digest, subject: manifest.subject })
    }

    fn read_manifest(&self, push: &Push<'_>) -> Result<(Manifest, Parsed), Error> {
        if push.body.len() as u64 > MAX_MANIFEST {
            return Err(Error::TooLarge { what: "a manifest", limit: MAX_MANIFEST });
        }
        let body = std::str::from_utf8(push.body).map_err(|e| Error::BadManifest(e.to_string()))?;
        let digest = Digest::of(push.body);
        match &push.reference {
            Reference::Tag(tag) => check_tag(tag)?,
            Reference::Digest(expected) if *expected != digest => {
                return Err(Error::OtherBytes { expected: expected.clone(), actual: digest });
            }
            Reference::Digest(_) => {}
        }
        let parsed = Parsed::read(push.media_type, body)?;
        let manifest = Manifest {
            scope: push.scope.clone(),
            repository: push.repository.to_owned(),
            digest,
            media_type: push.media_type.to_owned(),
            body: body.to_owned(),
            references: parsed.blobs().chain(&parsed.manifests).map(|d| d.digest.clone()).collect(),
            subject: parsed.subject.as_ref().map(|subject| subject.digest.clone()),
            size: parsed.blobs().map(|blob| blob.size).sum(),
            pushed: self.ground.now(),
            lineage: Lineage::default(),
        };
        Ok((manifest, parsed))
    }

    async fn check_references(&self, manifest: &Manifest, parsed: &Parsed) -> Result<(), Error> {
        let (scope, repository) = (&manifest.scope, &manifest.repository);
        for descriptor in parsed.blobs() {
            let found = self.held_blob(scope, repository, &descriptor.digest).await;
            let blob = found.map_err(|_| Error::Dangling(descriptor.digest.clone()))?.value;
            if blob.content.size != descriptor.size {
                return Err(Error::BadManifest(format!(
                    "{} has {} bytes, not {}",
                    descriptor.digest, blob.content.size, descriptor.size
                )));
            }
        }
        for descriptor in &parsed.manifests {
            let id = Manifest::key(repository, &descriptor.digest);
            if self.ground.store.get::<Manifest>(&scope.to_string(), &id).await?.is_none() {
                return Err(Error::Dangling(descriptor.digest.clone()));
            }
        }
        Ok(())
    }

    /// What the image came out of: what the pusher's session knows, else the commit in the image's own label or
    /// annotation. Otherwise the commit is not known.
    async fn lineage_of(
        &self,
        push: &Push<'_>,
        manifest: &Manifest,
        parsed: &Parsed,
    ) -> Result<Lineage, Error> {
        let mut lineage = push.by.lineage.clone();
        lineage.image = Some(manifest.digest.to_string());
        if lineage.commit.is_none() {
            lineage.commit = parsed.annotations.get(REVISION_LABEL).cloned();
        }
        let config = parsed.config.as_ref().filter(|_| is_image(&manifest.media_type));
        if let (None, Some(config)) = (&lineage.commit, config) {
            let blob = self.held_blob(push.scope, push.repository, &config.digest).await?.value;
            if blob.content.size <= MAX_CONFIG {
                let bytes = self.read_small(&blob.content, MAX_CONFIG).await?;
                lineage.commit = revision_label(&bytes);
            }
        }
        Ok(lineage)
    }

    /// One attempt; false if somebody else changed the same things meanwhile.
    async fn put(
        &self,
        repository: &Repository,
        manifest: &Manifest,
        tag: Option<&str>,
        by: &Principal,
    ) -> Result<bool, Error> {
        let store = &self.ground.store;
        let scope = manifest.scope.to_string();
        let mut changes = Changes::new();
        let id = Manifest::key(&manifest.repository, &manifest.digest);
        let known = store.get::<Manifest>(&scope, &id).await?;
        match &known {
            None => drop(changes.put(manifest, Expect::Absent)?),
            Some(held) => refresh(&mut changes, held, manifest)?,
        }
        let mut news = known.is_none();
        if let Some(name) = tag {
            let held = store.get::<Tag>(&scope, &Tag::key(&manifest.repository, name)).await?;
            news = held.as_ref().is_none_or(|held| held.value.digest != manifest.digest);
            if news {
                if held.is_some() && repository.immutable_tags {
                    let (repository, tag) = (repository.name.clone(), name.to_owned());
                    return Err(Error::TagImmutable { repository, tag });
                }
                changes.put(
                    &tag_on(manifest, name),
                    held.map_or(Expect::Absent, |h| Expect::Version(h.version)),
                )?;
            }
        }
        if news {
            let news = news::News {
                scope: manifest.scope.clone(),
                repository: manifest.repository.clone(),
                digest: manifest.digest.clone(),
                media_type: Some(manifest.media_type.clone()),
                tag: tag.map(str::to_owned),
            };
            news::pushed(&mut changes, &self.ground, &news)?;
            let name = format!("{}:{}", repository.name, tag.unwrap_or(manifest.digest.as_str()));
            audit::note(&mut changes, &self.ground, by, "ecr:PutImage", name)?;
        }
        match store.commit(changes).await {
            Ok(()) => Ok(true),
            Err(trainyard_store::Error::Conflict(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// A known manifest keeps its lineage, unless the commit was unknown and now is not.
fn refresh(
    changes: &mut Changes,
    held: &Held<Manifest>,
    manifest: &Manifest,
) -> Result<(), trainyard_store::Error> {
    if held.value.lineage.commit.is_none() && manifest.lineage.commit.is_some() {
        let known = Manifest { lineage: manifest.lineage.clone(), ..held.value.clone() };
        changes.put(&known, Expect::Version(held.version))?;
    }
    Ok(())
}

fn tag_on(manifest: &Manifest, name: &str) -> Tag {
    Tag {
        scope: manifest.scope.clone(),
        repository: manifest.repository.clone(),
        name: name.to_owned(),
        digest: manifest.digest.clone(),
    }
}

/// The commit in an image's labels. A config that is not one says nothing.
fn revision_label(config: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Config {
        config: Option<Inner>,
    }
    #[derive(Deserialize)]
    struct Inner {
        #[serde(rename = "Labels")]
        labels: Option<serde_json::Map<String, serde_json::Value>>,
    }
    let config: Config = serde_json::from_slice(config).ok()?;
    let revision = config.config?.labels?.get(REVISION_LABEL)?.as_str()?.trim().to_owned();
    Some(revision).filter(|revision| !revision.is_empty())
}
