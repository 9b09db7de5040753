//! How long a group's events are kept, and letting go of those that are older.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>

use trainyard_domain::{Principal, Scope, Timestamp};
use trainyard_store::{Held, List, Range};

use super::{Error, LogGroup, LogStream, Logs, nouns::id};

/// How many days there can be.
const DAYS: [i64; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
const DAY: i64 = 24 * 3600 * 1000;
/// So many groups or streams are looked at in one go.
const PAGE: usize = 200;

impl Logs {
    /// Keeps the group's events for so many days from now on.
    pub async fn put_retention(
        &self,
        scope: &Scope,
        by: &Principal,
        name: &str,
        days: i64,
    ) -> Result<(), Error> {
        let days = checked(days)?;
        let Held { version, mut value } = self.held_group(scope, name).await?;
        value.retention_days = Some(days);
        self.save_group(&value, version, (by, "logs:PutRetentionPolicy")).await
    }

    /// Keeps the group's events for ever from now on.
    pub async fn delete_retention(&self, scope: &Scope, by: &Principal, name: &str) -> Result<(), Error> {
        let Held { version, mut value } = self.held_group(scope, name).await?;
        value.retention_days = None;
        self.save_group(&value, version, (by, "logs:DeleteRetentionPolicy")).await
    }

    /// Lets go of all events that are older than their groups keep them; it is done again and again, and until then they
    /// can be read, as with AWS. Streams stay when they are empty. Returns how many streams have lost events.
    ///
    /// What cannot be read or written is told of, and keeps no other from being seen to.
    pub async fn prune(&self) -> Result<usize, Error> {
        let (mut pruned, mut after) = (0, None);
        loop {
            let list = List::everywhere().limit(PAGE).after(after);
            let page = self.ground.store.list::<LogGroup>(list).await?;
            for Held { value, .. } in page.items.iter().filter(|held| held.value.retention_days.is_some()) {
                pruned += self.prune_group(value).await?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(pruned);
            }
        }
    }

    async fn prune_group(&self, group: &LogGroup) -> Result<usize, Error> {
        let (mut pruned, mut after) = (0, None);
        loop {
            let within = Range::prefix(&id(&group.name, ""));
            let list = List::in_scope(&group.scope).within(within).limit(PAGE).after(after);
            let page = self.ground.store.list::<LogStream>(list).await?;
            for Held { value, .. } in page.items {
                match self.prune_stream(&value).await {
                    Ok(lost) => pruned += usize::from(lost),
                    Err(error) => {
                        let (group, stream) = (&value.group, &value.name);
                        tracing::warn!(%error, group, stream, "old events cannot be let go of");
                    }
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(pruned);
            }
        }
    }

    /// By what the group says now: whoever has it keep more meanwhile loses nothing.
    async fn prune_stream(&self, stream: &LogStream) -> Result<bool, Error> {
        let group = self.group(&stream.scope, &stream.group).await;
        let days = match group {
            Ok(group) => group.retention_days,
            Err(Error::NoGroup) => None,
            Err(error) => return Err(error),
        };
        let Some(days) = days else { return Ok(false) };
        let oldest = Timestamp(self.ground.now().millis().saturating_sub(i64::from(days) * DAY));
        let stream = self.stream(&stream.stream()).await?;
        stream.trim(oldest).await.map_err(|error| self.disk(&error))
    }
}

fn checked(days: i64) -> Result<u16, Error> {
    match u16::try_from(days) {
        Ok(legal) if DAYS.contains(&days) => Ok(legal),
        _ => Err(Error::Invalid(format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member \
             must satisfy enum value set: {DAYS:?}"
        ))),
    }
}
