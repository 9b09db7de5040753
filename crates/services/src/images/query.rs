//! Reading manifests, tags and referrers.

use std::collections::BTreeMap;

use trainyard_domain::{Scope, content::Digest};
use trainyard_store::{List, Noun, Page, Range};

use super::{Error, Images, Manifest, Reference, Tag, names::check_tag};

/// Names in order, and whether there are more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The names.
    pub names: Vec<String>,
    /// Whether others follow.
    pub more: bool,
}

/// A manifest and the tags that it has now.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The manifest.
    pub manifest: Manifest,
    /// Its tags, in order.
    pub tags: Vec<String>,
}

impl Images {
    /// The manifest that the reference means now.
    pub async fn manifest(
        &self,
        scope: &Scope,
        repository: &str,
        reference: &Reference,
    ) -> Result<Manifest, Error> {
        self.repository(scope, repository).await?;
        let missing =
            || Error::NoImage { repository: repository.to_owned(), reference: reference.to_string() };
        let store = &self.ground.store;
        let key = scope.to_string();
        let digest = match reference {
            Reference::Digest(digest) => digest.clone(),
            Reference::Tag(tag) => {
                let held = store.get::<Tag>(&key, &Tag::key(repository, tag)).await?;
                held.ok_or_else(missing)?.value.digest
            }
        };
        let held = store.get::<Manifest>(&key, &Manifest::key(repository, &digest)).await?;
        Ok(held.ok_or_else(missing)?.value)
    }

    /// The tags that a manifest has now, in order.
    pub async fn tags_of(&self, manifest: &Manifest) -> Result<Vec<String>, Error> {
        let key = Manifest::key(&manifest.repository, &manifest.digest);
        let list = List::in_scope(&manifest.scope).equal("digest", &key);
        let tags: Vec<Tag> = self.gather(list).await?;
        Ok(tags.into_iter().map(|tag| tag.name).collect())
    }

    /// The repository's tags in order, at most `limit` of those after `last`.
    pub async fn tags(
        &self,
        scope: &Scope,
        repository: &str,
        last: Option<&str>,
        limit: usize,
    ) -> Result<Names, Error> {
        self.repository(scope, repository).await?;
        let mut range = Range::prefix(&Tag::key(repository, ""));
        if let Some(last) = last {
            check_tag(last)?;
            range.after = Some(Tag::key(repository, last));
        }
        if limit == 0 {
            return Ok(Names::default());
        }
        let page = self.ground.store.list::<Tag>(List::in_scope(scope).within(range).limit(limit)).await?;
        let names = page.items.into_iter().map(|held| held.value.name).collect();
        Ok(Names { names, more: page.next.is_some() })
    }

    /// The repository's manifests by digest with their tags, at most `limit` of those that are not before `from`,
    /// and whether there are more.
    pub async fn listed(
        &self,
        scope: &Scope,
        repository: &str,
        limit: usize,
        from: Option<Digest>,
    ) -> Result<(Vec<Listed>, bool), Error> {
        self.repository(scope, repository).await?;
        let mut range = Range::prefix(&format!("{repository}@"));
        if let Some(from) = from {
            range.from = Some(Manifest::key(repository, &from));
        }
        let list = List::in_scope(scope).within(range).limit(limit);
        let page: Page<Manifest> = self.ground.store.list(list).await?;
        let mut by_digest: BTreeMap<Digest, Vec<String>> = BTreeMap::new();
        for tag in self.all_tags(scope, repository).await? {
            by_digest.entry(tag.digest).or_default().push(tag.name);
        }
        let with_tags = |manifest: Manifest| {
            let tags = by_digest.get(&manifest.digest).cloned().unwrap_or_default();
            Listed { manifest, tags }
        };
        let listed = page.items.into_iter().map(|held| with_tags(held.value)).collect();
        Ok((listed, page.next.is_some()))
    }

    /// The manifests that speak of this digest, which need not be there itself.
    pub async fn referrers(
        &self,
        scope: &Scope,
        repository: &str,
        subject: &Digest,
    ) -> Result<Vec<Manifest>, Error> {
        self.repository(scope, repository).await?;
        self.gather(List::in_scope(scope).equal("subject", &Manifest::key(repository, subject))).await
    }

    pub(super) async fn all_manifests(
        &self,
        scope: &Scope,
        repository: &str,
    ) -> Result<Vec<Manifest>, Error> {
        self.gather(List::in_scope(scope).within(Range::prefix(&format!("{repository}@")))).await
    }

    pub(super) async fn all_tags(&self, scope: &Scope, repository: &str) -> Result<Vec<Tag>, Error> {
        self.gather(List::in_scope(scope).within(Range::prefix(&Tag::key(repository, "")))).await
    }

    async fn gather<T: Noun>(&self, list: List) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut cursor = None;
        loop {
            let page = self.ground.store.list::<T>(list.clone().after(cursor)).await?;
            all.extend(page.items.into_iter().map(|held| held.value));
            cursor = page.next;
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }
}
