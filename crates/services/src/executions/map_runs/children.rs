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
        tell::Extra,
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
        let running = Range::prefix(&format!("{}/{}/", run.arn, Status::Running.as_str()));
        let list = List::in_scope(&run.scope).by("map-run-status").within(running).limit(COUNTED);
        let mut list = list.without_texts();
        loop {
            let page = self.ground.store.list::<Execution>(list.clone()).await?;
            let told = stream::iter(page.items)
                .map(|child| async move {
                    let stop = Fact::StopAsked { error: None, cause: None };
                    match self.tell(&child.value.arn(), &stop, Extra::default()).await {
                        Ok(_) => Ok(true),
                        Err(Error::Poisoned { .. }) => Ok(false),
                        Err(error) => Err(error),
                    }
                })
                .buffer_unordered(TOLD);
            let any = told.try_fold(false, async |any, one| Ok(any || one)).await?;
            if any {
                return Ok(true);
            }
            if page.next.is_none() {
                return self.give_up_children(run, changes).await.map(|()| false);
            }
            list = list.after(page.next);
        }
    }

    /// What still seems to run cannot be read. All that could tell its end has told it by now, and is counted first.
    async fn give_up_children(&self, run: &mut MapRun, changes: &mut Changes) -> Result<(), Error> {
        if self.count_ends(run, changes).await? == 0 {
            let lost = run.executions.running;
            tracing::error!(map_run = %run.arn, lost, "children that cannot be read are given up");
            run.lose_running();
        }
        Ok(())
    }
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
