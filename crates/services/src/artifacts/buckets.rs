//! Buckets.

use trainyard_domain::{AccountId, Scope};
use trainyard_store::{Changes, Expect, Held, List, Page, Range};

use super::{Artifacts, Bucket, Error, Object, Upload, place};

impl Artifacts {
    /// Makes a bucket.
    pub async fn create_bucket(&self, owner: &Scope, name: &str) -> Result<Bucket, Error> {
        place::check_bucket(name)?;
        let (name, owner, created) = (name.to_owned(), owner.clone(), self.ground.now());
        let bucket = Bucket { name, owner, created, tells: false };
        let mut changes = Changes::new();
        changes.put(&bucket, Expect::Absent)?;
        match self.ground.store.commit(changes).await {
            Ok(()) => Ok(bucket),
            Err(trainyard_store::Error::Conflict(_)) => {
                match self.bucket(&bucket.owner.account, &bucket.name).await {
                    Ok(_) => Err(Error::BucketYours),
                    Err(Error::Forbidden) => Err(Error::BucketTaken),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The bucket, if it is the account's.
    pub async fn bucket(&self, account: &AccountId, name: &str) -> Result<Bucket, Error> {
        self.held_bucket(account, name).await.map(|held| held.value)
    }

    /// Has it told from now on, or no more, when an object comes or goes.
    pub async fn tell_of(&self, account: &AccountId, name: &str, tells: bool) -> Result<(), Error> {
        let Held { version, value } = self.held_bucket(account, name).await?;
        let mut changes = Changes::new();
        changes.put(&Bucket { tells, ..value }, Expect::Version(version))?;
        match self.ground.store.commit(changes).await {
            Err(trainyard_store::Error::Conflict(_)) => Err(Error::Conflict),
            other => Ok(other?),
        }
    }

    async fn held_bucket(&self, account: &AccountId, name: &str) -> Result<Held<Bucket>, Error> {
        let held = self.ground.store.get::<Bucket>("", name).await?.ok_or(Error::NoBucket)?;
        if held.value.owner.account == *account { Ok(held) } else { Err(Error::Forbidden) }
    }

    /// The account's buckets whose names begin with `prefix`.
    pub async fn buckets(
        &self,
        account: &AccountId,
        prefix: &str,
        limit: usize,
        after: Option<String>,
    ) -> Result<Page<Bucket>, Error> {
        let range = Range::prefix(&format!("{account}/{prefix}"));
        let list = List::in_scope("").by("owner").within(range).limit(limit).after(after);
        Ok(self.ground.store.list(list).await?)
    }

    /// Removes an empty bucket.
    pub async fn delete_bucket(&self, account: &AccountId, name: &str) -> Result<(), Error> {
        let _nobody_adds = self.standing.write().await;
        let held = self.held_bucket(account, name).await?;
        let (store, inside) = (&self.ground.store, List::in_scope(name));
        if store.has_any::<Object>(inside.clone()).await? || store.has_any::<Upload>(inside).await? {
            return Err(Error::BucketNotEmpty);
        }
        let mut changes = Changes::new();
        changes.delete::<Bucket>("", name, Expect::Version(held.version));
        Ok(self.ground.store.commit(changes).await?)
    }
}
