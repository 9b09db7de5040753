//! Starts and stops the children of a map run.

use futures::{StreamExt, TryStreamExt, stream};
use trainyard_domain::Timestamp;
use trainyard_engine::{Fact, Payload, Run, Start, decide};
use trainyard_store::{Changes, Error as StoreError, Expect, List, Noun, Range};

use super::{
    super::{
        Error, Executions,
        carry::carry,
        execution::{Execution, Status},
        news,
        redrivable::Redrives,
        runs::Known,
        start::start,
        tell::{Extra, Told},
    },
    batch::Portion,
    child::{Child, ChildEnd},
    map_run::MapRun,
};
use crate::{bus, ground::uuid_from};

/// How many children begin in one commit, and with how many bytes.
const BEGUN: usize = 200;
const BYTES: usize = 4 * 1024 * 1024;
/// How many ends are counted in one commit.
const COUNTED: usize = 1000;
/// What children are found by that stand so.
const BY_STATUS: &str = "map-run-status";
/// An id that comes after those of all ends.
const AFTER_ALL: &str = "\u{10FFFF}";
/// How many children are told at a time that they are stopped.
const TOLD: usize = 64;

impl Executions {
    /// Counts the children that have ended since it was last asked; says how many.
    pub(super) async fn count_ends(&self, run: &mut MapRun, changes: &mut Changes) -> Result<usize, Error> {
        let ends = self.ground.store.list::<ChildEnd>(List::in_scope(&run.arn).limit(COUNTED)).await?.items;
        for end in &ends {
            run.end(end.value.status, end.value.items);
            changes.delete::<ChildEnd>(&end.value.scope(), &end.value.id(), Expect::Any);
        }
        Ok(ends.len())
    }

    /// Adds the begin of the next children to the commit that counts them as begun: of at most so many.
    pub(super) async fn begin_children(
        &self,
        run: &mut MapRun,
        changes: &mut Changes,
        room: u64,
    ) -> Result<(), Error> {
        let first = run.executions.begun();
        let limit = usize::try_from(room).unwrap_or(BEGUN).min(BEGUN);
        let records = self.ground.store.history(&run.inputs(), first + 1, limit).await?;
        if records.is_empty() {
            let why = format!("the list of {} is shorter than it should be", run.arn);
            return Err(StoreError::Internal(why).into());
        }
        let known = self.known_child(&run.scope, &run.revision, &run.pointer).await?;
        let mut bytes = 0;
        for (index, record) in (first..).zip(records) {
            let portion = self.portion(run, record).await?;
            bytes += portion.input.len();
            self.begin_child(run, changes, &known, (index, portion)).await?;
            if bytes >= BYTES {
                break;
            }
            // Each decides as far as it can go at once.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// What a record of the list of inputs says.
    pub(super) async fn portion(&self, run: &MapRun, record: (u64, String)) -> Result<Portion, StoreError> {
        let record = self.ground.store.record(&run.inputs(), record).await?;
        serde_json::from_str(&record)
            .map_err(|error| StoreError::Internal(format!("an input of {}: {error}", run.arn)))
    }

    async fn begin_child(
        &self,
        run: &mut MapRun,
        changes: &mut Changes,
        known: &Known,
        (index, portion): (u64, Portion),
    ) -> Result<(), Error> {
        let at = self.moment()?;
        let items = portion.items;
        let mut execution = child(run, index, portion, at.now, known.express);
        let input = Payload::parse(&execution.input)
            .map_err(|error| StoreError::Internal(format!("an input of {}: {error}", run.arn)))?;
        let start: Start = start(&execution, input);
        let decision = decide(&known.machine, &Run::default(), &Fact::Started(Box::new(start)), &at);
        if !known.express {
            bus::tell(changes, &news::status_changed(&execution, at.now))?;
        }
        let absent = self.absent_activities(&decision).await?;
        carry(changes, (&self.ground, at.now), &mut execution, &decision, &absent)?;
        if let Some(journal) = &known.journal {
            journal.note(changes, &execution, &decision.events)?;
        }
        changes.put(&execution, Expect::Absent)?;
        run.begin(items);
        if execution.status != Status::Running {
            run.end(execution.status, items);
        }
        Ok(())
    }

    /// Stops some of the children that are under way; says whether there were any. Each tells its end, as all do. One
    /// that cannot be read tells nothing, and is given up when there are no others.
    pub(super) async fn stop_children(&self, run: &mut MapRun, changes: &mut Changes) -> Result<bool, Error> {
        // Those that were found broken come last: they cost the same each time, and are seldom mended.
        for broken in [false, true] {
            if self.tell_children(run, broken).await? {
                return Ok(true);
            }
        }
        self.give_up_children(run, changes).await.map(|()| false)
    }

    /// Tells children under way that they are stopped, of those that are known to be broken or of the others: the first
    /// page of which any can be told. Says whether there is one.
    async fn tell_children(&self, run: &MapRun, broken: bool) -> Result<bool, Error> {
        let mut list = that_are(run, Status::Running).limit(COUNTED).without_texts();
        loop {
            let page = self.ground.store.list::<Execution>(list.clone()).await?;
            let arns = page.items.into_iter().map(|child| child.value.arn());
            let arns = arns.filter(|arn| self.runs.broken(arn).is_some() == broken);
            let told = stream::iter(arns)
                .map(|arn| async move {
                    let stop = Fact::StopAsked { error: None, cause: None };
                    match self.tell(&arn, &stop, Extra::default()).await {
                        // One that has ended meanwhile has told it.
                        Ok(told) => Ok(told == Told::Heard),
                        Err(Error::Poisoned { .. }) => Ok(false),
                        Err(error) => Err(error),
                    }
                })
                .buffer_unordered(TOLD);
            let any = told.try_fold(false, async |any, one| Ok(any || one)).await?;
            if any || page.next.is_none() {
                return Ok(any);
            }
            list = list.after(page.next);
        }
    }

    /// What still seems to run cannot be read. All that could tell its end has told it by now, and is counted first.
    async fn give_up_children(&self, run: &mut MapRun, changes: &mut Changes) -> Result<(), Error> {
        if self.count_ends(run, changes).await? == 0 {
            self.settle_rest(run, changes).await?;
        }
        Ok(())
    }

    /// Where none of its children runs any more, and not all ends were counted, those that are left cannot be read: says
    /// whether that is so, and counts them as the children are listed.
    pub(super) async fn settle_children(
        &self,
        run: &mut MapRun,
        changes: &mut Changes,
    ) -> Result<bool, Error> {
        if self.ground.store.has_any::<Execution>(that_are(run, Status::Running)).await? {
            return Ok(false);
        }
        // Some may have told their ends just before that.
        if self.count_ends(run, changes).await? == 0 {
            self.settle_rest(run, changes).await?;
        }
        Ok(true)
    }

    /// Of the rest nobody will tell how it ended. What children are listed by says it of those that have ended, and the
    /// others are given up. Ends that cannot be read go.
    async fn settle_rest(&self, run: &mut MapRun, changes: &mut Changes) -> Result<(), Error> {
        let uncounted = run.executions.running;
        for status in [Status::Succeeded, Status::Failed, Status::TimedOut, Status::Aborted] {
            let range = within(run, status);
            let count =
                self.ground.store.count::<Execution>(&run.scope.to_string(), BY_STATUS, range).await?;
            run.settle(status, count);
        }
        let lost = run.executions.running;
        tracing::error!(map_run = %run.arn, uncounted, lost, "children that cannot be read are counted as they are listed, or given up");
        run.lose_running();
        changes.trim::<ChildEnd>(&run.arn.to_string(), AFTER_ALL);
        Ok(())
    }
}

/// The children that stand so.
fn that_are(run: &MapRun, status: Status) -> List {
    List::in_scope(&run.scope).by(BY_STATUS).within(within(run, status))
}

fn within(run: &MapRun, status: Status) -> Range {
    Range::prefix(&format!("{}/{}/", run.arn, status.as_str()))
}

/// The name of a child follows from the map run and its place: none begins twice.
pub(super) fn name(run: &MapRun, index: u64) -> String {
    uuid_from(&["map-run-child", &run.arn.to_string(), &index.to_string()])
}

fn child(run: &MapRun, index: u64, portion: Portion, now: Timestamp, express: bool) -> Execution {
    let Portion { input, items } = portion;
    Execution {
        scope: run.scope.clone(),
        machine: run.machine.clone(),
        name: name(run, index),
        express: None,
        revision: run.revision.clone(),
        role: run.role.clone(),
        input,
        started: now,
        status: Status::Running,
        end: None,
        lineage: run.lineage.clone(),
        by: run.by.clone(),
        trace: None,
        parent: None,
        version: None,
        alias: None,
        redrives: Redrives::default(),
        child: Some(Child { map_run: run.arn.clone(), index, items, pointer: run.pointer.clone(), express }),
    }
}
