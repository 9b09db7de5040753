//! What jobs, builds and endpoints print: groups, streams, and events in the order printed.
//!
//! Groups and streams are documents. A stream's events are one append-only file ([`file`]) beside the store, written
//! in batches that end with the position reached in the source: after a crash the pump goes on at
//! [`Logs::position`] and no line is there twice. The room never reads what a line says.
//!
//! Verbs: [`Logs::append`], [`Logs::position`], [`Logs::changed`] for who prints and who follows; [`Logs::events`],
//! [`Logs::filter`], [`Logs::groups`], [`Logs::streams`] for who asks; [`Logs::put_retention`], [`Logs::prune`],
//! [`Logs::delete_group`] for who has read enough.

mod error;
mod file;
mod filter;
mod groups;
mod head;
mod names;
mod nouns;
mod open;
mod parking;
mod pattern;
mod policies;
mod query;
mod retention;
mod trim;

#[cfg(test)]
mod keeping;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

use serde::{Deserialize, Serialize};
use tokio::sync::{RwLock, watch};
use trainyard_domain::{
    Scope,
    job::{LogLine, LogPage},
};
use trainyard_store::{Changes, Expect};

use crate::ground::Ground;

pub use error::Error;
pub use file::LogEvent;
pub use filter::{Filter, Found};
pub use nouns::{LogGroup, LogStream};
pub(crate) use policies::Gate;
pub use policies::LogPolicy;
pub use query::{EventsPage, EventsQuery, Order, StreamsQuery};

pub(crate) use file::shortened;
use open::OpenStream;
use parking::Parking;

/// Which stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StreamName {
    /// Where.
    pub scope: Scope,
    /// The group, such as `/aws/sagemaker/TrainingJobs`.
    pub group: String,
    /// The stream, such as `job/algo-1`.
    pub stream: String,
}

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Logs {
    ground: Ground,
    folder: Arc<Path>,
    open: Arc<Parking>,
    /// Held for writing by whoever changes policies, so that their limit holds and who judges sees all of them.
    policies_change: Arc<RwLock<()>>,
}

impl Logs {
    /// On this ground, with the events' files in `folder`, which is made if need be.
    pub fn open(ground: Ground, folder: &Path) -> Result<Self, Error> {
        file::private_directory(folder).map_err(|error| Error::disk(folder, &error))?;
        Ok(Self { ground, folder: folder.into(), open: Arc::default(), policies_change: Arc::default() })
    }

    /// Makes a group.
    pub async fn create_group(&self, group: LogGroup) -> Result<(), Error> {
        names::check_group(&group.name)?;
        let mut changes = Changes::new();
        changes.put(&group, Expect::Absent)?;
        self.ground.store.commit(changes).await.map_err(|error| match error {
            trainyard_store::Error::Conflict(_) => Error::GroupExists,
            other => other.into(),
        })
    }

    /// How far the stream's source has been read: the next page to append begins there. 0 for a new stream.
    pub async fn position(&self, name: &StreamName) -> Result<u64, Error> {
        Ok(self.stream(name).await?.position().await)
    }

    /// Appends what the source printed from `from` on. A page that does not begin where the stream ends is left
    /// out: somebody has appended it already. Group and stream are made if need be. Returns the position reached.
    pub async fn append(&self, name: &StreamName, from: u64, page: &LogPage) -> Result<u64, Error> {
        let stream = self.stream(name).await?;
        if page.lines.is_empty() && page.next == from {
            return Ok(stream.position().await);
        }
        if stream.begin() {
            self.make(name).await?;
        }
        stream.append(from, page, self.ground.now()).await.map_err(|error| Error::disk(&self.folder, &error))
    }

    /// Appends lines of a source without positions: many may write to the stream, each what it has to say, and what is
    /// said twice is there twice. Group and stream are made if need be.
    pub async fn add(&self, name: &StreamName, lines: Vec<LogLine>) -> Result<(), Error> {
        let stream = self.stream(name).await?;
        if stream.begin() {
            self.make(name).await?;
        }
        let added = stream.add(lines, self.ground.now()).await;
        added.map_err(|error| Error::disk(&self.folder, &error))
    }

    /// Tells of each growth of the stream, for who follows it.
    pub async fn changed(&self, name: &StreamName) -> Result<watch::Receiver<u64>, Error> {
        Ok(self.stream(name).await?.watch())
    }

    /// Makes the documents of group and stream, if they are not there.
    async fn make(&self, name: &StreamName) -> Result<(), Error> {
        names::check_group(&name.group)?;
        names::check_stream(&name.stream)?;
        let now = self.ground.now();
        let group = LogGroup::new(&name.scope, &name.group, now);
        let stream = LogStream::new(name, now);
        self.absent_or_there(&group).await?;
        self.absent_or_there(&stream).await
    }

    async fn absent_or_there<T: trainyard_store::Noun>(&self, noun: &T) -> Result<(), Error> {
        let mut changes = Changes::new();
        changes.put(noun, Expect::Absent)?;
        match self.ground.store.commit(changes).await {
            Ok(()) | Err(trainyard_store::Error::Conflict(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn stream(&self, name: &StreamName) -> Result<Arc<OpenStream>, Error> {
        let path = file::path(&self.folder, name);
        let opened = self.open.get(name, async || OpenStream::open(&path).await).await;
        opened.map_err(|error| Error::disk(&path, &error))
    }
}
