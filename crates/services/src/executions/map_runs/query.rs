//! Asking for map runs, and changing what they may do.

use trainyard_domain::Principal;
use trainyard_store::{Changes, Expect, Held, List, Range};

use super::{
    super::{
        Error, Executions,
        carry::MAP_RUNS,
        execution::{Execution, Status},
        names, query,
    },
    map_run::{MapRun, MapRunStatus},
};
use crate::audit;

/// New limits of a map run; what is none stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// How many children may run at once; 0 for as many as there may be.
    pub concurrency: Option<u64>,
    /// How many items may fail.
    pub tolerated_count: Option<u64>,
    /// Which part of the items may fail, of 100.
    pub tolerated_percentage: Option<f64>,
}

/// Which children of a map run are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildFilter {
    /// Those that stand so.
    pub status: Option<Status>,
    /// Those that were redriven, or those that were not.
    pub redriven: Option<bool>,
    /// Those that wait to be redriven.
    pub pending: bool,
}

impl ChildFilter {
    fn takes(self, child: &ListedChild) -> bool {
        self.redriven.is_none_or(|redriven| redriven == (child.execution.redrives.count > 0))
            && (child.waits == self.pending || (!self.pending && self.status.is_none()))
    }
}

/// A child in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedChild {
    /// The execution.
    pub execution: Execution,
    /// Whether it waits to be redriven.
    pub waits: bool,
}

impl ListedChild {
    fn of(run: &MapRun, execution: Execution) -> Self {
        let ended = !matches!(execution.status, Status::Running | Status::Succeeded);
        let index = execution.child.as_ref().map_or(0, |child| child.index);
        Self { waits: ended && run.is_about_to_redrive(index), execution }
    }
}

/// How a child stands that its map run is about to redrive.
pub const PENDING_REDRIVE: &str = "PENDING_REDRIVE";
/// So many pages of children are read for one that is shown.
const PAGES: usize = 10;
/// Somebody else is faster at most so often.
const ATTEMPTS: usize = 50;

impl Executions {
    /// The map run of that ARN.
    pub async fn describe_map_run(&self, arn: &str) -> Result<MapRun, Error> {
        Ok(self.held_map_run(arn).await?.value)
    }

    /// One page of the map runs of an execution, the latest first.
    pub async fn list_map_runs(
        &self,
        execution: &str,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<MapRun>, Option<String>), Error> {
        let execution = self.describe(execution).await?;
        let range = Range::prefix(&format!("{}/", execution.arn()));
        let list = List::in_scope(&execution.scope).by("execution").within(range).descending(true);
        let page = self.ground.store.list(list.limit(limit).after(after)).await.map_err(query::token)?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }

    /// One page of the children of a map run, the latest first. A page may be short, even empty, where few of many
    /// children are asked for. Inputs and outputs that are larger than AWS takes are not read, and empty.
    pub async fn list_children(
        &self,
        arn: &str,
        which: ChildFilter,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<ListedChild>, Option<String>), Error> {
        let run = self.describe_map_run(arn).await?;
        let (mut children, mut after) = (Vec::new(), after);
        for _ in 0..PAGES {
            let list = match which.status {
                None => {
                    List::in_scope(&run.scope).by("map-run").within(Range::prefix(&format!("{}/", run.arn)))
                }
                Some(status) => {
                    let range = Range::prefix(&format!("{}/{}/", run.arn, status.as_str()));
                    List::in_scope(&run.scope).by("map-run-status").within(range)
                }
            };
            let list = list.without_texts().descending(true).limit(limit - children.len()).after(after);
            let page = self.ground.store.list::<Execution>(list).await.map_err(query::token)?;
            let all = page.items.into_iter().map(|held| ListedChild::of(&run, held.value));
            children.extend(all.filter(|child| which.takes(child)));
            after = page.next;
            if after.is_none() || children.len() >= limit {
                break;
            }
        }
        Ok((children, after))
    }

    /// How the execution is shown to stand: a child that its map run is about to redrive waits for that.
    pub async fn shown_status(&self, execution: &Execution) -> Result<&'static str, Error> {
        if let (Some(child), Status::Failed | Status::TimedOut | Status::Aborted) =
            (&execution.child, execution.status)
            && self.describe_map_run(&child.map_run.to_string()).await?.is_about_to_redrive(child.index)
        {
            return Ok(PENDING_REDRIVE);
        }
        Ok(execution.status.as_str())
    }

    /// Changes what a map run that runs may do: from now on, and for what has failed before too.
    pub async fn update_map_run(&self, by: &Principal, arn: &str, limits: Limits) -> Result<(), Error> {
        if limits == Limits::default() {
            return Err(Error::Missing("At least one of the limits of the map run must be given"));
        }
        if limits.tolerated_percentage.is_some_and(|part| !(0.0..=100.0).contains(&part)) {
            let message = "The tolerated failure percentage must be between 0 and 100";
            return Err(Error::Invalid(message.to_owned()));
        }
        for _ in 0..ATTEMPTS {
            let Held { version, value: mut run } = self.held_map_run(arn).await?;
            if run.status != MapRunStatus::Running {
                let message = format!("Map Run is not running and cannot be updated: '{arn}'");
                return Err(Error::Invalid(message));
            }
            run.concurrency = limits.concurrency.unwrap_or(run.concurrency);
            run.tolerated_count = limits.tolerated_count.or(run.tolerated_count);
            run.tolerated_percentage = limits.tolerated_percentage.or(run.tolerated_percentage);
            let mut changes = Changes::new();
            changes.put(&run, Expect::Version(version))?;
            changes.schedule(trainyard_store::WorkItem::now(
                MAP_RUNS,
                run.arn.to_string(),
                run.scope.to_string(),
            ));
            audit::note(&mut changes, &self.ground, by, "states:UpdateMapRun", &run.arn)?;
            match self.ground.store.commit(changes).await {
                Err(trainyard_store::Error::Conflict(_)) => {}
                done => return Ok(done?),
            }
        }
        Err(Error::Busy(arn.to_owned()))
    }

    async fn held_map_run(&self, arn: &str) -> Result<Held<MapRun>, Error> {
        let (scope, read) = names::map_run(arn)?;
        let held = self.ground.store.get(&scope.to_string(), &read.to_string()).await?;
        held.ok_or_else(|| Error::NoResource(format!("Resource not found: '{arn}'")))
    }
}
