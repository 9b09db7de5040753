//! Brings what executions log to CloudWatch Logs.
//!
//! What a decision logs is committed with it, as a part of the stream; a worker then brings the parts there, each once:
//! which parts it brings, and to which place, is noted before they are written, so that after a crash the same parts
//! are brought to the same place, which the stream leaves out if it has them.

use std::error::Error as StdError;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use trainyard_domain::job::{LogLine, LogPage};
use trainyard_engine::HistoryEvent;
use trainyard_store::{Changes, Error as StoreError, Expect, Keys, List, Noun, Range, WorkItem};

use super::{Executions, execution::Execution, machine::Revision, record, settings::Level};
use crate::{
    logs::StreamName,
    work::{Outcome, Worker},
};

/// The topic of streams that have parts to be brought, by stream.
pub(super) const JOURNALS: &str = "execution-logs";
/// How many parts are brought at a time.
const PARTS: usize = 100;

/// Where and how much the executions of a revision log.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    stream: StreamName,
    level: Level,
    data: bool,
}

impl Journal {
    /// Of the revision; none if it logs nothing. Each revision has a stream of its own.
    pub(super) fn of(revision: &Revision) -> Option<Self> {
        let group = revision.logging.group()?;
        let made = revision.created.to_seconds_string();
        let minute = made.get(..16).unwrap_or(&made).replace(['T', ':'], "-");
        let id = revision.id.get(..8).unwrap_or(&revision.id);
        let stream = format!("states/{}/{minute}/{id}", revision.machine);
        let stream = StreamName { scope: revision.scope.clone(), group, stream };
        let (level, data) = (revision.logging.level, revision.logging.include_execution_data);
        Some(Self { stream, level, data })
    }

    #[cfg(test)]
    pub(super) fn stream(&self) -> &StreamName {
        &self.stream
    }

    /// What of the events is logged.
    pub(super) fn lines(&self, execution: &Execution, events: &[HistoryEvent]) -> Vec<LogLine> {
        record::lines(execution, (self.level, self.data), events)
    }

    /// Adds what of the events is logged to the commit that they are in.
    pub(super) fn note(
        &self,
        changes: &mut Changes,
        execution: &Execution,
        events: &[HistoryEvent],
    ) -> Result<(), StoreError> {
        let lines = self.lines(execution, events);
        let (Some(line), Some(event)) = (lines.first(), events.first()) else { return Ok(()) };
        let at = format!("{:019}/{}#{:06}", line.time.millis().max(0), execution.arn(), event.id);
        changes.put(&Part { stream: self.stream.clone(), at, lines }, Expect::Any)?;
        let body = serde_json::to_string(&self.stream)
            .map_err(|e| StoreError::Internal(format!("work cannot be written: {e}")))?;
        changes.schedule(WorkItem::now(
            JOURNALS,
            format!("{}\n{}", self.stream.scope, name(&self.stream)),
            body,
        ));
        Ok(())
    }

    /// Appends lines that were committed nowhere: those of express executions.
    pub(super) async fn add(&self, room: &Executions, lines: Vec<LogLine>) {
        if lines.is_empty() {
            return;
        }
        if let Err(error) = room.logs.add(&self.stream, lines).await {
            tracing::warn!(stream = self.stream.stream, %error, "what an execution logs is lost");
        }
    }
}

/// The stream's own name within its scope: no name has a line end in it.
fn name(stream: &StreamName) -> String {
    format!("{}\n{}", stream.group, stream.stream)
}

/// What one decision logs, until it is brought to its stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) stream: StreamName,
    /// Its place among the parts of the stream.
    pub(super) at: String,
    pub(super) lines: Vec<LogLine>,
}

impl Noun for Part {
    const KIND: &'static str = "execution-log-part";

    fn scope(&self) -> String {
        self.stream.scope.to_string()
    }

    fn id(&self) -> String {
        format!("{}\n{}", name(&self.stream), self.at)
    }

    fn keys(&self, _: &mut Keys) {}
}

/// Which parts are being brought, and to which place of the stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub(super) stream: StreamName,
    pub(super) at: u64,
    pub(super) parts: Vec<String>,
}

impl Noun for Cursor {
    const KIND: &'static str = "execution-log-cursor";

    fn scope(&self) -> String {
        self.stream.scope.to_string()
    }

    fn id(&self) -> String {
        name(&self.stream)
    }

    fn keys(&self, _: &mut Keys) {}
}

type Trouble = Box<dyn StdError + Send + Sync>;

/// Brings parts to their streams.
pub(super) struct Journals(pub(super) Executions);

#[async_trait]
impl Worker for Journals {
    const TOPIC: &'static str = JOURNALS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        let stream: StreamName = serde_json::from_str(&item.body)?;
        loop {
            let Some(cursor) = self.cursor(&stream).await? else {
                return Ok(Outcome::Finished(Changes::new()));
            };
            self.bring(&stream, &cursor).await?;
        }
    }
}

impl Journals {
    /// The parts that are to be brought next; none if there are none.
    async fn cursor(&self, stream: &StreamName) -> Result<Option<Cursor>, Trouble> {
        let store = &self.0.ground.store;
        let scope = stream.scope.to_string();
        let name = name(stream);
        match store.get::<Cursor>(&scope, &name).await {
            Ok(Some(held)) => return Ok(Some(held.value)),
            // Of one that cannot be read nobody knows what it has brought: some of it may come twice.
            Ok(None) | Err(StoreError::Poisoned { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let list = List::in_scope(&scope).within(Range::prefix(&format!("{name}\n"))).limit(PARTS);
        let page = store.list::<Part>(list).await?;
        if page.items.is_empty() {
            return Ok(None);
        }
        let parts = page.items.into_iter().map(|held| held.value.id()).collect();
        let cursor = Cursor { stream: stream.clone(), at: self.0.logs.position(stream).await?, parts };
        let mut changes = Changes::new();
        changes.put(&cursor, Expect::Any)?;
        store.commit(changes).await?;
        Ok(Some(cursor))
    }

    async fn bring(&self, stream: &StreamName, cursor: &Cursor) -> Result<(), Trouble> {
        let store = &self.0.ground.store;
        let scope = stream.scope.to_string();
        let (mut lines, mut changes) = (Vec::new(), Changes::new());
        for id in &cursor.parts {
            match store.get::<Part>(&scope, id).await {
                Ok(part) => lines.extend(part.into_iter().flat_map(|held| held.value.lines)),
                // It is told of, and left where it is.
                Err(StoreError::Poisoned { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            changes.delete::<Part>(&scope, id, Expect::Any);
        }
        // A stream that lost its end when the power went is gone on with where it ends now.
        let at = self.0.logs.position(stream).await?;
        if at <= cursor.at {
            self.0.logs.append(stream, at, &LogPage { lines, next: cursor.at + 1 }).await?;
        }
        changes.delete::<Cursor>(&scope, &cursor.id(), Expect::Any);
        Ok(store.commit(changes).await?)
    }
}
