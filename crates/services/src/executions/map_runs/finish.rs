//! Ends a map run: its results are handed on or written, and its execution is told.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use trainyard_domain::{Failure, ports::ByteStream};
use trainyard_engine::{Fact, Payload};
use trainyard_lang::asl::{Transformation, WriterConfig};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, List, Range, WorkItem};

use super::{
    super::{
        Error, Executions,
        execution::{Execution, Status},
        tell::Extra,
    },
    gather::map_at,
    map_run::{MapRun, MapRunStatus, Order, Stop},
    results::{Destination, Entries, Kind, MANIFEST, manifest, written},
    source::Missing,
};
use crate::artifacts::Place;

/// How many children are read at a time for the results: fewer if they may be large.
const CHUNK: usize = 50;
const CHUNK_BYTES: usize = 64 * 1024 * 1024;

/// What came of handing the results on.
type Handed = Result<Result<Payload, Failure>, Error>;

impl Executions {
    /// Ends the map run, whose children have all ended, and takes the work off, but if it is to go on already: says
    /// whether it is over.
    pub(super) async fn finish_map_run(&self, held: Held<MapRun>, item: &WorkItem) -> Result<bool, Error> {
        let Held { version, value: mut run } = held;
        let config = self.writer_config(&run).await?;
        let handed = match Destination::of(&run) {
            Ok(Some(destination)) => self.write_results(&run, &destination, &config).await?,
            Ok(None) if run.stop.is_none() => self.collect_results(&run, &config).await?,
            Ok(None) => Ok(Payload::default()),
            Err(why) => Err(Failure::new(WRITER, why)),
        };
        let token = run.token.clone();
        let (status, fact) = match (run.stop.clone(), handed) {
            (Some(Stop::Aborted), _) => (MapRunStatus::Aborted, None),
            (Some(Stop::Failed(failure)), _) | (None, Err(failure)) => {
                (MapRunStatus::Failed, Some(Fact::MapRunFailed { token, failure }))
            }
            (None, Ok(output)) => (MapRunStatus::Succeeded, Some(Fact::MapRunSucceeded { token, output })),
        };
        (run.status, run.ended) = (status, Some(self.ground.now()));
        run.executions.close();
        run.items.close();
        let (left, over) = self.leave_order(&run, item).await?;
        let mut changes = left.clone();
        changes.put(&run, Expect::Version(version))?;
        let Some(fact) = fact else {
            self.ground.store.commit(changes).await?;
            return Ok(over);
        };
        // Nobody waits for it any more: it ends as it would have, and as what it is then.
        let mut stale = left;
        run.status = MapRunStatus::Aborted;
        stale.put(&run, Expect::Version(version))?;
        self.tell(&run.execution, &fact, Extra { told: changes, stale, events: run.events }).await?;
        Ok(over)
    }

    /// Takes the work off, and what was asked for with it: it may have been stopped before its items were read. If it
    /// is to go on, what is asked for with that stays, and so does the work.
    async fn leave_order(&self, run: &MapRun, item: &WorkItem) -> Result<(Changes, bool), Error> {
        let (scope, arn) = (run.scope.to_string(), run.arn.to_string());
        let mut changes = Changes::new();
        let order = self.ground.store.get::<Order>(&scope, &arn).await?;
        if let Some(Held { version, value }) = order {
            if value.call.token != run.token {
                return Ok((changes, false));
            }
            changes.delete::<Order>(&scope, &arn, Expect::Version(version));
        }
        changes.finish(item);
        Ok((changes, true))
    }

    fn chunk(&self) -> usize {
        (CHUNK_BYTES / self.payload_limit.max(1)).clamp(1, CHUNK)
    }

    async fn writer_config(&self, run: &MapRun) -> Result<WriterConfig, Error> {
        let known = self.known(&run.scope, &run.revision).await?;
        let writer = map_at(&known.machine.graph, &run.pointer).and_then(|(_, it)| it.writer.as_ref());
        Ok(writer.map(|writer| writer.config).unwrap_or_default())
    }

    /// The results as the state's own. They must fit into an execution.
    async fn collect_results(&self, run: &MapRun, config: &WriterConfig) -> Handed {
        let mut entries = Entries::new(config, Transformation::Compact);
        let (mut after, mut read) = (None, 0);
        loop {
            let list = List::in_scope(&run.scope).by("map-run").limit(self.chunk()).after(after);
            let list = list.within(Range::prefix(&format!("{}/", run.arn)));
            let page = self.ground.store.list::<Execution>(list).await?;
            page.items.iter().for_each(|child| entries.add(&child.value));
            read += page.items.len() as u64;
            if entries.len() > self.payload_limit {
                return Ok(Err(too_large(run)));
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        if let Some(why) = unread(read, run.executions.ended()) {
            return Ok(Err(Failure::new("States.Runtime", why)));
        }
        let broken = |error| StoreError::Internal(format!("an output of {} is not JSON: {error}", run.arn));
        Ok(Ok(entries.into_result().map_err(broken)?))
    }

    /// Writes the results and their manifest. After a crash the same files are written again.
    async fn write_results(&self, run: &MapRun, destination: &Destination, config: &WriterConfig) -> Handed {
        let mut files = Vec::new();
        for kind in Kind::ALL {
            let children = count(run, kind);
            if children == 0 {
                continue;
            }
            let key = destination.key(run, &kind.file(config.output_type));
            let read = Arc::new(AtomicU64::new(0));
            let file = self.result_file(run, kind, config, &read);
            match self.write_file(run, &destination.bucket, &key, file).await? {
                Ok(size) => files.push((kind, key, size)),
                Err(failure) => return Ok(Err(failure)),
            }
            if let Some(why) = unread(read.load(Ordering::Relaxed), children) {
                return Ok(Err(Failure::new(WRITER, why)));
            }
        }
        let text = manifest(run, destination, &files).to_string();
        let body: ByteStream = Box::pin(stream::iter([Ok(Bytes::from(text))]));
        let stored = self.write_file(run, &destination.bucket, &destination.key(run, MANIFEST), body).await?;
        Ok(stored.map(|_| written(run, destination)))
    }

    async fn write_file(
        &self,
        run: &MapRun,
        bucket: &str,
        key: &str,
        body: ByteStream,
    ) -> Result<Result<u64, Failure>, Error> {
        let place = Place::new(bucket, key);
        match self.artifacts.store(&run.principal(), &place, body, "application/json").await {
            Ok(object) => Ok(Ok(object.content.size)),
            Err(error) => match Missing::from(error) {
                Missing::Failed(why) => Ok(Err(Failure::new(WRITER, why))),
                Missing::Trouble(error) => Err(error),
            },
        }
    }

    /// A file's bytes, made as they are read; children are counted as they are.
    fn result_file(
        &self,
        run: &MapRun,
        kind: Kind,
        config: &WriterConfig,
        read: &Arc<AtomicU64>,
    ) -> ByteStream {
        // What has failed and what was not begun has no output to be given another form.
        let config = match kind {
            Kind::Succeeded => *config,
            Kind::Failed | Kind::Pending => WriterConfig { transformation: None, ..*config },
        };
        let entries = Entries::new(&config, Transformation::None);
        let lists = kind.statuses().iter().copied().map(Chapter::Ended);
        let pending = (kind == Kind::Pending).then(|| Chapter::Pending(run.executions.begun()));
        let chapters: Vec<Chapter> = lists.chain(pending).rev().collect();
        let (room, run, read) = (self.clone(), run.clone(), Arc::clone(read));
        let book = Book { room, run, chapters, after: None, entries, read };
        Box::pin(
            stream::try_unfold(Some(book), |book| async {
                let Some(mut book) = book else { return Ok(None) };
                let more = book.read().await.map_err(std::io::Error::other)?;
                let text = Bytes::from(book.entries.take());
                Ok(Some((text, more.then_some(book))))
            })
            .boxed(),
        )
    }
}

const WRITER: &str = "States.ResultWriterFailed";

fn count(run: &MapRun, kind: Kind) -> u64 {
    let children = &run.executions;
    match kind {
        Kind::Succeeded => children.succeeded,
        Kind::Failed => children.failed + children.timed_out + children.aborted,
        Kind::Pending => children.pending(),
    }
}

/// A result is never left out without a word: what is wrong if fewer children can be read than there are.
fn unread(read: u64, children: u64) -> Option<String> {
    let missing = children.checked_sub(read).filter(|missing| *missing > 0)?;
    Some(format!("the results of {missing} of {children} child executions cannot be read"))
}

fn too_large(run: &MapRun) -> Failure {
    let cause = format!(
        "The state/task '{}' returned a result with a size exceeding the maximum number of bytes service limit.",
        run.state
    );
    Failure::new("States.DataLimitExceeded", cause)
}

/// A file while it is written, a page of children at a time.
struct Book {
    room: Executions,
    run: MapRun,
    /// What is still to be read, the last first.
    chapters: Vec<Chapter>,
    after: Option<String>,
    entries: Entries,
    /// How many children are in it.
    read: Arc<AtomicU64>,
}

enum Chapter {
    /// The children that ended so.
    Ended(Status),
    /// Those that were not begun, from this one on.
    Pending(u64),
}

impl Book {
    /// Reads the next page; says whether there is more.
    async fn read(&mut self) -> Result<bool, StoreError> {
        match self.chapters.pop() {
            None => {}
            Some(Chapter::Ended(status)) => self.ended(status).await?,
            Some(Chapter::Pending(first)) => self.pending(first).await?,
        }
        if self.chapters.is_empty() {
            self.entries.close();
        }
        Ok(!self.chapters.is_empty())
    }

    async fn ended(&mut self, status: Status) -> Result<(), StoreError> {
        let range = Range::prefix(&format!("{}/{}/", self.run.arn, status.as_str()));
        let list = List::in_scope(&self.run.scope).by("map-run-status").within(range);
        let list = list.limit(self.room.chunk()).after(self.after.take());
        let page = self.room.ground.store.list::<Execution>(list).await?;
        page.items.iter().for_each(|child| self.entries.add(&child.value));
        self.read.fetch_add(page.items.len() as u64, Ordering::Relaxed);
        if page.next.is_some() {
            self.after = page.next;
            self.chapters.push(Chapter::Ended(status));
        }
        Ok(())
    }

    async fn pending(&mut self, first: u64) -> Result<(), StoreError> {
        let records =
            self.room.ground.store.history(&self.run.inputs(), first + 1, self.room.chunk()).await?;
        let next = first + u64::try_from(records.len()).unwrap_or(u64::MAX);
        for (index, record) in (first..).zip(records) {
            let portion = self.room.portion(&self.run, record).await?;
            self.entries.add_pending(&self.run, index, &portion);
            self.read.fetch_add(1, Ordering::Relaxed);
        }
        if next > first && next < self.run.executions.total {
            self.chapters.push(Chapter::Pending(next));
        }
        Ok(())
    }
}
