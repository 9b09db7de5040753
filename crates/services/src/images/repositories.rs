//! Making, finding and deleting repositories.

use std::collections::BTreeMap;

use trainyard_domain::{Principal, Scope};
use trainyard_store::{Changes, Expect, List, Page, Range};

use super::{Blob, Error, Images, Manifest, Names, Repository, Tag, names::check_name, news};
use crate::audit;

/// What a repository is made from.
#[derive(Clone, Debug, Default)]
pub struct NewRepository {
    /// Its name.
    pub name: String,
    /// Whether a tag, once given, stays where it is.
    pub immutable_tags: bool,
    /// AWS resource tags.
    pub labels: BTreeMap<String, String>,
}

impl Images {
    /// Makes a repository.
    pub async fn create_repository(
        &self,
        scope: &Scope,
        new: NewRepository,
        by: &Principal,
    ) -> Result<Repository, Error> {
        check_name(&new.name)?;
        let NewRepository { name, immutable_tags, labels } = new;
        let repository =
            Repository { scope: scope.clone(), name, created: self.ground.now(), immutable_tags, labels };
        let mut changes = Changes::new();
        changes.put(&repository, Expect::Absent)?;
        audit::note(&mut changes, &self.ground, by, "ecr:CreateRepository", repository.arn())?;
        match self.ground.store.commit(changes).await {
            Err(trainyard_store::Error::Conflict(_)) => {
                Err(Error::RepositoryExists { name: repository.name, registry: scope.account.to_string() })
            }
            other => Ok(other.map(|()| repository)?),
        }
    }

    /// Changes what can be changed of a repository: whether its tags stay, and its labels.
    pub async fn update_repository(
        &self,
        scope: &Scope,
        new: NewRepository,
        by: &Principal,
    ) -> Result<Repository, Error> {
        loop {
            let held = self.ground.store.get::<Repository>(&scope.to_string(), &new.name).await?;
            let registry = || scope.account.to_string();
            let held =
                held.ok_or_else(|| Error::NoRepository { name: new.name.clone(), registry: registry() })?;
            let NewRepository { immutable_tags, labels, .. } = new.clone();
            let repository = Repository { immutable_tags, labels, ..held.value.clone() };
            if repository == held.value {
                return Ok(repository);
            }
            let mut changes = Changes::new();
            changes.put(&repository, Expect::Version(held.version))?;
            audit::note(&mut changes, &self.ground, by, "ecr:PutImageTagMutability", repository.arn())?;
            match self.ground.store.commit(changes).await {
                Err(trainyard_store::Error::Conflict(_)) => {}
                other => return Ok(other.map(|()| repository)?),
            }
        }
    }

    /// The repository of that name.
    pub async fn repository(&self, scope: &Scope, name: &str) -> Result<Repository, Error> {
        check_name(name)?;
        let held = self.ground.store.get::<Repository>(&scope.to_string(), name).await?;
        held.map(|held| held.value)
            .ok_or_else(|| Error::NoRepository { name: name.to_owned(), registry: scope.account.to_string() })
    }

    /// One page of the scope's repositories, by name.
    pub async fn repositories(
        &self,
        scope: &Scope,
        limit: usize,
        after: Option<String>,
    ) -> Result<Page<Repository>, Error> {
        Ok(self.ground.store.list(List::in_scope(scope).limit(limit).after(after)).await?)
    }

    /// The scope's repositories' names in order, at most `limit` of those after `last`.
    pub async fn repository_names(
        &self,
        scope: &Scope,
        last: Option<&str>,
        limit: usize,
    ) -> Result<Names, Error> {
        if limit == 0 {
            return Ok(Names::default());
        }
        let range = Range { after: last.map(str::to_owned), ..Range::default() };
        let list = List::in_scope(scope).within(range).limit(limit);
        let page = self.ground.store.list::<Repository>(list).await?;
        let names = page.items.into_iter().map(|held| held.value.name).collect();
        Ok(Names { names, more: page.next.is_some() })
    }

    /// Deletes the repository and, with `force`, the images in it.
    pub async fn delete_repository(
        &self,
        scope: &Scope,
        name: &str,
        force: bool,
        by: &Principal,
    ) -> Result<Repository, Error> {
        let _alone = self.removal.write().await;
        let repository = self.repository(scope, name).await?;
        let manifests = self.all_manifests(scope, name).await?;
        if !manifests.is_empty() && !force {
            let (name, registry) = (repository.name, scope.account.to_string());
            return Err(Error::RepositoryNotEmpty { name, registry });
        }
        let mut changes = Changes::new();
        let key = scope.to_string();
        for tag in self.all_tags(scope, name).await? {
            changes.delete::<Tag>(&key, &Tag::key(name, &tag.name), Expect::Any);
            news::deleted(&mut changes, &self.ground, &tag_news(&manifests, &tag))?;
        }
        for manifest in &manifests {
            changes.delete::<Manifest>(&key, &Manifest::key(name, &manifest.digest), Expect::Any);
        }
        let mut cursor = None;
        loop {
            let list = List::in_scope(scope).equal("repository", name).after(cursor);
            let page = self.ground.store.list::<Blob>(list).await?;
            for held in page.items {
                self.unlink(&mut changes, held, name)?;
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        changes.delete::<Repository>(&key, name, Expect::Any);
        audit::note(&mut changes, &self.ground, by, "ecr:DeleteRepository", repository.arn())?;
        self.ground.store.commit(changes).await?;
        Ok(repository)
    }
}

fn tag_news(manifests: &[Manifest], tag: &Tag) -> news::News {
    let media_type = manifests.iter().find(|m| m.digest == tag.digest).map(|m| m.media_type.clone());
    news::News {
        scope: tag.scope.clone(),
        repository: tag.repository.clone(),
        digest: tag.digest.clone(),
        media_type,
        tag: Some(tag.name.clone()),
    }
}
