//! What becomes of a group: its tags, and its end.

use std::collections::BTreeMap;

use trainyard_domain::{Principal, Scope};
use trainyard_store::{Changes, Expect, Held, List, Noun, Range};

use super::{Error, LogGroup, LogStream, Logs, nouns::id};
use crate::audit;

/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html>
const MOST_TAGS: usize = 50;

impl Logs {
    /// Adds tags, or replaces those of the same names.
    pub async fn tag_group(
        &self,
        scope: &Scope,
        by: &Principal,
        name: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let Held { version, mut value } = self.held_group(scope, name).await?;
        value.tags.extend(tags);
        if value.tags.len() > MOST_TAGS {
            return Err(Error::TooManyTags);
        }
        self.save_group(&value, version, (by, "logs:TagResource")).await
    }

    /// Takes tags off; those that are not there are off already.
    pub async fn untag_group(
        &self,
        scope: &Scope,
        by: &Principal,
        name: &str,
        tags: &[String],
    ) -> Result<(), Error> {
        let Held { version, mut value } = self.held_group(scope, name).await?;
        value.tags.retain(|tag, _| !tags.contains(tag));
        self.save_group(&value, version, (by, "logs:UntagResource")).await
    }

    /// Removes the group with its streams and all that they hold. Streams go first: after a crash the group is there with
    /// what is left, and can be removed again. Whoever writes on into a stream makes it, and its group, anew.
    pub async fn delete_group(&self, scope: &Scope, by: &Principal, name: &str) -> Result<(), Error> {
        let group = self.group(scope, name).await?;
        let all = || List::in_scope(scope).within(Range::prefix(&id(name, "")));
        loop {
            let streams = self.ground.store.list::<LogStream>(all()).await?.items;
            if streams.is_empty() {
                break;
            }
            let (mut changes, mut emptied) = (Changes::new(), Vec::with_capacity(streams.len()));
            for Held { value, .. } in streams {
                // Its events before its document: a stream of its name that is made later has none of them.
                let stream = self.stream(&value.stream()).await?;
                stream.clear().await.map_err(|error| Error::disk(&self.folder, &error))?;
                changes.delete::<LogStream>(&value.scope(), &value.id(), Expect::Any);
                emptied.push(stream);
            }
            self.ground.store.commit(changes).await?;
            emptied.iter().for_each(|stream| stream.is_gone());
        }
        let mut changes = Changes::new();
        changes.delete::<LogGroup>(&scope.to_string(), name, Expect::Any);
        audit::note(&mut changes, &self.ground, by, "logs:DeleteLogGroup", group.arn())?;
        Ok(self.ground.store.commit(changes).await?)
    }

    pub(super) async fn save_group(
        &self,
        group: &LogGroup,
        version: u64,
        (by, action): (&Principal, &str),
    ) -> Result<(), Error> {
        let mut changes = Changes::new();
        changes.put(group, Expect::Version(version))?;
        audit::note(&mut changes, &self.ground, by, action, group.arn())?;
        Ok(self.ground.store.commit(changes).await?)
    }
}
