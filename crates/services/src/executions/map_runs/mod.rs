//! Map runs: what a distributed Map state has in place of iterations.
//!
//! The engine asks for one and hears of its end; in between it is here. Its items are read and listed
//! ([`gather`](Executions)), then children begin, which are executions of their own, no more at a time than may, and
//! their ends are counted; in the end the results are handed on or written to S3. A turn of this is one commit,
//! however many children it is about, and every turn begins with what is on the disk: a crash loses nothing. What a
//! child is called follows from the map run and its place, so that none begins twice.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html>
//!
//! It never holds more than a page of items, children or results.

mod batch;
mod child;
mod children;
mod decide;
mod finish;
mod gather;
mod map_run;
mod plan;
mod query;
mod read;
mod redrive;
mod results;
mod source;
#[cfg(test)]
pub(super) mod tests;
mod tried;
mod watch;

use trainyard_domain::Timestamp;
use trainyard_engine::MapRunCall;
use trainyard_store::{Changes, Error as StoreError, Expect, WorkItem};

use super::{carry::MAP_RUNS, execution::Execution};

pub use child::Child;
pub use map_run::{MapRun, MapRunStatus, Tally};
pub use query::{ChildFilter, Limits, ListedChild, PENDING_REDRIVE};

pub(super) use self::{
    child::{ended, keys},
    decide::{exceeded, exceeds},
    gather::map_at,
    tried::{items, portions},
    watch::MapRuns,
};

/// Begins a map run, in the commit of the decision that asks for it.
pub(super) fn begin(
    changes: &mut Changes,
    execution: &Execution,
    call: &MapRunCall,
    (events, now): (u64, Timestamp),
) -> Result<(), StoreError> {
    let run = MapRun::new(execution, call, (events, now))
        .ok_or_else(|| StoreError::Internal(format!("`{}` is no ARN of a map run", call.arn)))?;
    let order = map_run::Order { scope: execution.scope.clone(), call: call.clone() };
    changes.put(&run, Expect::Absent)?.put(&order, Expect::Absent)?;
    wake(changes, execution, &call.arn);
    Ok(())
}

/// Goes on with a map run that has not ended well, in the commit of the decision that asks for it: as soon as it has
/// come to its end.
pub(super) fn redrive(
    changes: &mut Changes,
    execution: &Execution,
    call: &MapRunCall,
) -> Result<(), StoreError> {
    let order = map_run::Order { scope: execution.scope.clone(), call: call.clone() };
    changes.put(&order, Expect::Any)?;
    wake(changes, execution, &call.arn);
    Ok(())
}

/// Has the map run looked at.
pub(super) fn wake(changes: &mut Changes, execution: &Execution, map_run: &str) {
    changes.schedule(WorkItem::now(MAP_RUNS, map_run, execution.scope.to_string()));
}
