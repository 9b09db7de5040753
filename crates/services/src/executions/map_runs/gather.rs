//! Reads a map run's items and lists what each child will be given.
//!
//! The list is a history in the store, so that no more than some of it is in memory. It is complete before the first
//! child begins: what a crash cuts off is read again from the beginning, into another list.

use serde_json::Value;
use tokio::sync::mpsc;
use trainyard_domain::Failure;
use trainyard_engine::{ItemSource, MapRunCall, Payload, select_items};
use trainyard_lang::asl::{Distributed, Map, Mode, ReaderConfig, StateKind};
use trainyard_store::{Changes, Error as StoreError, Expect, Held};

use super::{
    super::{Error, Executions, runs::Place},
    batch::{Batcher, Portion},
    map_run::{MapRun, Order, Stop},
    plan::Source,
    results::Destination,
    source::{Bringer, Missing},
};

/// How much of the list is committed at a time.
const RECORDS: usize = 500;
const BYTES: usize = 2 * 1024 * 1024;
/// The most items of a map run. <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const MOST_ITEMS: u64 = 100_000_000;

/// Why the list is not made.
enum Undone {
    /// The map run has failed.
    Failed(Failure),
    /// Nobody waits for it any more.
    Stale,
    /// Our own trouble.
    Trouble(Error),
}

impl<E: Into<Error>> From<E> for Undone {
    fn from(error: E) -> Self {
        Self::Trouble(error.into())
    }
}

impl Executions {
    /// Reads the items. Afterwards the map run goes on with its children, or stops.
    pub(super) async fn gather(&self, held: Held<MapRun>) -> Result<(), Error> {
        let (scope, arn) = (held.value.scope.to_string(), held.value.arn.to_string());
        match self.list_inputs(held).await {
            Ok(()) | Err(Undone::Stale) => Ok(()),
            Err(Undone::Trouble(error)) => Err(error),
            Err(Undone::Failed(failure)) => {
                let Some(mut held) = self.ground.store.get::<MapRun>(&scope, &arn).await? else {
                    return Ok(());
                };
                held.value.stop = Some(Stop::Failed(failure));
                let mut changes = Changes::new();
                changes.put(&held.value, Expect::Version(held.version))?;
                changes.delete::<Order>(&scope, &arn, Expect::Any);
                Ok(self.ground.store.commit(changes).await?)
            }
        }
    }

    async fn list_inputs(&self, held: Held<MapRun>) -> Result<(), Undone> {
        let run = &held.value;
        let order = self.ground.store.get::<Order>(&run.scope.to_string(), &run.arn.to_string()).await?;
        let Some(Held { value: Order { call, .. }, .. }) = order else {
            let why = format!("what {} was asked for with is not there", run.arn);
            return Err(Error::from(StoreError::Internal(why)).into());
        };
        let config = self.reader_config(run).await?;
        self.check_destination(run).await?;
        let MapRunCall { items, batch, .. } = call;
        let most = match &items {
            // 0 is as much as there is.
            ItemSource::Reader { most: Some(most @ 1..), .. } => *most,
            ItemSource::Reader { .. } | ItemSource::Here(_) => MOST_ITEMS,
        };
        let source = Source::of(items.clone(), &config).map_err(unreadable)?;
        let (out, pages) = mpsc::channel(4);
        let bringer = Bringer { artifacts: self.artifacts.clone(), by: run.principal(), out };
        let batcher = Batcher::new(batch.as_ref(), &run.state, self.payload_limit);
        let list = Inputs::new(self, held);
        let (brought, kept) = tokio::join!(bringer.bring(source), keep((list, &items), batcher, pages, most));
        let list = kept?;
        match brought {
            Ok(()) => Ok(list.finish().await?),
            Err(Missing::Failed(why)) => Err(unreadable(why)),
            Err(Missing::Trouble(error)) => Err(error.into()),
        }
    }

    async fn reader_config(&self, run: &MapRun) -> Result<ReaderConfig, Error> {
        let known = self.known(&run.scope, &run.revision).await?;
        let reader = map_at(&known.machine.graph, &run.pointer).and_then(|(_, it)| it.reader.as_ref());
        Ok(reader.map(|reader| reader.config.clone()).unwrap_or_default())
    }

    /// Results that cannot be written are not worked for.
    async fn check_destination(&self, run: &MapRun) -> Result<(), Undone> {
        let failed = |why| Undone::Failed(Failure::new("States.ResultWriterFailed", why));
        let Some(destination) = Destination::of(run).map_err(failed)? else { return Ok(()) };
        match self.artifacts.bucket(&run.scope.account, &destination.bucket).await {
            Ok(_) => Ok(()),
            Err(error) => match Missing::from(error) {
                Missing::Failed(why) => Err(failed(why)),
                Missing::Trouble(error) => Err(error.into()),
            },
        }
    }

    /// What children are given for these items; none if the execution does not wait for the map run any more.
    async fn select_inputs(
        &self,
        (run, source): (&MapRun, &ItemSource),
        first: u64,
        items: Vec<Value>,
    ) -> Result<Option<Result<Vec<Payload>, Failure>>, Error> {
        let first = u32::try_from(first).unwrap_or(u32::MAX);
        let at = self.moment()?;
        let seat = self.runs.seat(&run.execution);
        let mut held = seat.lock().await;
        let loaded = self.take(&mut held, &run.execution).await?;
        let waiting = (&loaded.known.machine, &loaded.run);
        let selected = select_items(waiting, (&run.token, source), (first, items), &at);
        self.runs.rests(&run.execution, loaded.largest);
        *held = Place::Here(loaded);
        Ok(selected)
    }
}

/// The Map state at that place of a definition.
pub(in super::super) fn map_at<'m>(
    graph: &'m trainyard_lang::asl::Graph,
    pointer: &str,
) -> Option<(&'m Map, &'m Distributed)> {
    let state = graph.all_states().into_iter().find(|state| state.pointer == pointer)?;
    match &state.kind {
        StateKind::Map(map) => match &map.mode {
            Mode::Distributed(distributed) => Some((map, distributed)),
            Mode::Inline => None,
        },
        _ => None,
    }
}

fn unreadable(why: String) -> Undone {
    Undone::Failed(Failure::new("States.ItemReaderFailed", why))
}

/// Lists what comes, and no more than so many items.
async fn keep<'r>(
    (mut list, source): (Inputs<'r>, &ItemSource),
    mut batcher: Batcher,
    mut pages: mpsc::Receiver<Vec<Value>>,
    most: u64,
) -> Result<Inputs<'r>, Undone> {
    let mut count = 0;
    while let Some(mut page) = pages.recv().await {
        let room = usize::try_from(most - count).unwrap_or(usize::MAX);
        page.truncate(room);
        let length = u64::try_from(page.len()).unwrap_or(u64::MAX);
        let selected =
            list.room.select_inputs((&list.run, source), count, page).await?.ok_or(Undone::Stale)?;
        for input in selected.map_err(Undone::Failed)? {
            if let Some(portion) = batcher.push(&input).map_err(Undone::Failed)? {
                list.add(portion).await?;
            }
        }
        count += length;
        if count >= most {
            break;
        }
    }
    if let Some(portion) = batcher.take() {
        list.add(portion).await?;
    }
    Ok(list)
}

/// The list while it is being made.
struct Inputs<'r> {
    room: &'r Executions,
    run: MapRun,
    version: u64,
    /// What is not committed yet.
    portions: Vec<Portion>,
    bytes: usize,
    /// What is.
    kept: u64,
    items: u64,
}

impl<'r> Inputs<'r> {
    fn new(room: &'r Executions, held: Held<MapRun>) -> Self {
        let Held { version, value: mut run } = held;
        run.readings += 1;
        Self { room, run, version, portions: Vec::new(), bytes: 0, kept: 0, items: 0 }
    }

    async fn add(&mut self, portion: Portion) -> Result<(), Error> {
        self.bytes += portion.input.len();
        self.items += u64::from(portion.items);
        self.portions.push(portion);
        if self.portions.len() < RECORDS && self.bytes < BYTES {
            return Ok(());
        }
        let mut changes = Changes::new();
        if self.kept == 0 {
            // Whoever comes after a crash makes a list of its own.
            changes.put(&self.run, Expect::Version(self.version))?;
        }
        self.append(&mut changes)?;
        Ok(self.room.ground.store.commit(changes).await?)
    }

    fn append(&mut self, changes: &mut Changes) -> Result<(), Error> {
        let portions = std::mem::take(&mut self.portions);
        if !portions.is_empty() {
            changes.append(&self.run.inputs(), self.kept + 1, &portions)?;
        }
        self.bytes = 0;
        self.kept += u64::try_from(portions.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// The list is complete.
    async fn finish(mut self) -> Result<(), Error> {
        let (scope, arn) = (self.run.scope.to_string(), self.run.arn.to_string());
        let mut changes = Changes::new();
        if self.kept > 0 {
            // Its limits may have been changed meanwhile.
            let held = self.room.ground.store.get::<MapRun>(&scope, &arn).await?;
            let Some(Held { version, value }) = held else { return Ok(()) };
            (self.version, self.run) = (version, value);
        }
        self.append(&mut changes)?;
        self.run.read = true;
        self.run.executions.total = self.kept;
        self.run.items.total = self.items;
        changes.put(&self.run, Expect::Version(self.version))?;
        changes.delete::<Order>(&scope, &arn, Expect::Any);
        Ok(self.room.ground.store.commit(changes).await?)
    }
}
