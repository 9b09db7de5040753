//! Redriving a map run: children that did not end well go on, those that never began begin.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html>

use tokio::sync::OwnedMutexGuard;
use trainyard_engine::{Fact, Payload, Run, decide};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, List, Range};

use super::{
    super::{
        Error, Executions,
        execution::{Execution, Status},
        redrivable::Redrivable,
        runs::{Loaded, Place},
        start::start,
    },
    child::place,
    map_run::{MapRun, Order},
};

/// At most so many children go on in one commit.
const LOOKED_AT: usize = 200;

/// The seats of children, which nobody else decides for until the commit is done.
pub(super) type Seats = Vec<OwnedMutexGuard<Place>>;

impl Executions {
    /// What the map run, which is over, is to go on with, if somebody asks for that.
    pub(super) async fn redrive_order(&self, run: &MapRun) -> Result<Option<Held<Order>>, Error> {
        let order = self.ground.store.get::<Order>(&run.scope.to_string(), &run.arn.to_string()).await?;
        Ok(order.filter(|order| order.value.call.token != run.token))
    }

    /// Has the map run go on.
    pub(super) async fn reopen(&self, held: Held<MapRun>, order: Held<Order>) -> Result<(), Error> {
        let Held { version, value: mut run } = held;
        run.reopen(&order.value.call, self.ground.now());
        let mut changes = Changes::new();
        changes.put(&run, Expect::Version(version))?;
        if run.read {
            let (scope, arn) = (run.scope.to_string(), run.arn.to_string());
            changes.delete::<Order>(&scope, &arn, Expect::Version(order.version));
        }
        Ok(self.ground.store.commit(changes).await?)
    }

    /// Adds to the commit that the next children go on which did not end well: at most so many. Standard ones do so
    /// from where they stood, express ones from their beginning; one that cannot be read stays as it is. The seats are
    /// to be held until the commit is done.
    pub(super) async fn redrive_children(
        &self,
        run: &mut MapRun,
        changes: &mut Changes,
        room: u64,
    ) -> Result<Seats, Error> {
        let most = usize::try_from(room).unwrap_or(LOOKED_AT).min(LOOKED_AT);
        let (children, more) = self.lost_children(run, most).await?;
        let mut seats = Seats::new();
        for child in children {
            run.redrive_from = index(&child) + 1;
            seats.push(self.redrive_child(run, changes, &child).await?);
        }
        let left = run.executions.waiting.total();
        if !more && left > 0 {
            tracing::error!(map_run = %run.arn, left, "children that cannot be read are not redriven");
            run.leave_rest();
        }
        Ok(seats)
    }

    /// The next children that did not end well, at most so many in the order in which they began, and whether there may
    /// be more. Once there are so many, only those are read that come before one of them.
    async fn lost_children(&self, run: &MapRun, most: usize) -> Result<(Vec<Execution>, bool), Error> {
        let (mut children, mut more) = (Vec::<Execution>::new(), false);
        for status in [Status::Failed, Status::TimedOut, Status::Aborted] {
            let prefix = format!("{}/{}/", run.arn, status.as_str());
            let mut range = Range::prefix(&prefix);
            range.from = Some(format!("{prefix}{}", place(run.redrive_from)));
            if let Some(last) = children.last().filter(|_| children.len() == most) {
                range.before = Some(format!("{prefix}{}", place(index(last))));
                more = true;
            }
            let list =
                List::in_scope(&run.scope).by("map-run-status").within(range).limit(most).without_texts();
            let page = self.ground.store.list::<Execution>(list).await?;
            children.extend(page.items.into_iter().map(|held| held.value));
            children.sort_by_key(index);
            more |= page.next.is_some() || children.len() > most;
            children.truncate(most);
        }
        Ok((children, more))
    }

    async fn redrive_child(
        &self,
        run: &mut MapRun,
        changes: &mut Changes,
        child: &Execution,
    ) -> Result<OwnedMutexGuard<Place>, Error> {
        let arn = child.arn();
        let mut seat = self.runs.seat(&arn).lock_owned().await;
        let taken = self.take(&mut seat, &arn).await;
        *seat = Place::Empty;
        let loaded = match taken {
            Err(Error::Poisoned { .. }) => {
                run.leave(child.status, child.child.as_ref().map_or(0, |child| child.items));
                return Ok(seat);
            }
            taken => taken?,
        };
        let Loaded { execution, known, run: history, .. } = &*loaded;
        let items = execution.child.as_ref().map_or(0, |child| child.items);
        let was = execution.status;
        let at = self.moment()?;
        let decision = match execution.redrivable(at.now) {
            Redrivable::No(_) => {
                run.leave(was, items);
                return Ok(seat);
            }
            Redrivable::Yes | Redrivable::ByMapRun if known.express => {
                let mut again = execution.clone();
                again.redrive(at.now, None);
                let begun = start(&again, input(execution)?);
                decide(&known.machine, &Run::anew(history), &Fact::Started(Box::new(begun)), &at)
            }
            Redrivable::Yes | Redrivable::ByMapRun => decide(&known.machine, history, &Fact::Redriven, &at),
        };
        if decision.events.is_empty() {
            run.leave(was, items);
            return Ok(seat);
        }
        let (after, _) = self.go_on(changes, &loaded, (&decision, None), &at).await?;
        run.redrive(was, items);
        if after.status != Status::Running {
            run.end(after.status, items);
        }
        Ok(seat)
    }
}

/// Which child it is.
fn index(child: &Execution) -> u64 {
    child.child.as_ref().map_or(0, |child| child.index)
}

fn input(child: &Execution) -> Result<Payload, StoreError> {
    Payload::parse(&child.input)
        .map_err(|error| StoreError::Internal(format!("the input of {} is not JSON: {error}", child.arn())))
}
