//! The room's loop: carries out the plan of a stack, forward or back. Every step makes a thing be as it should, so that
//! after a crash the plan is carried out from its beginning.

use std::time::Duration;

use async_trait::async_trait;
use trainyard_store::{Changes, Error as StoreError, Expect, Held, WorkItem};

use super::{
    Change, Error, Stack, Stacks, Status,
    decide::{self, Action},
    resources::{self, Call},
    stack::{Direction, Made, Plan},
    told,
};
use crate::work::{Outcome, Worker};

pub(super) const TOPIC: &str = "stacks";

/// A step that failed for a passing reason is tried so often before the plan is turned back.
const PATIENCE: u32 = 5;
/// And after so long.
const PAUSE: Duration = Duration::from_millis(200);

/// The stacks that are being changed.
pub struct Act(pub Stacks);

/// The work on a stack is named `<scope> <name>`.
pub(super) fn work_id(stack: &Stack) -> String {
    format!("{} {}", stack.scope, stack.name)
}

#[async_trait]
impl Worker for Act {
    const TOPIC: &'static str = TOPIC;
    const WIDTH: usize = 4;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
        let (scope, name) = item.id.split_once(' ').unwrap_or_default();
        let Some(held) = self.0.ground.store.get::<Stack>(scope, name).await? else {
            return Ok(Outcome::Finished(Changes::new()));
        };
        match held.value.plan.clone() {
            None => Ok(Outcome::Finished(Changes::new())),
            Some(plan) => Ok(self.0.carry_out(held, plan, item).await?),
        }
    }
}

impl Stacks {
    async fn carry_out(&self, held: Held<Stack>, plan: Plan, item: &WorkItem) -> Result<Outcome, Error> {
        let done = match plan.direction {
            Direction::Forward => self.forward(held, plan, item).await,
            Direction::Back => self.back(held, plan, item).await,
        };
        self.moved.notify_waiters();
        done
    }

    /// Makes and changes what is wanted, then removes what is not. The first failure turns the plan back; what cannot be
    /// removed is left, as CloudFormation leaves it, and said.
    async fn forward(&self, mut held: Held<Stack>, plan: Plan, item: &WorkItem) -> Result<Outcome, Error> {
        let stack = &mut held.value;
        let is_new = stack.status == Status::CreateInProgress;
        for Change { action, resource } in decide::changes(&stack.resources, &plan.wanted) {
            let done = self.step(stack, &plan, action, &resource).await;
            let failed = done.err().map(|error| error.to_string());
            self.remember(stack, action, &resource, failed.clone());
            if let Some(reason) = failed.filter(|_| action != Action::Delete) {
                stack.reason = Some(format!("{} ({}): {reason}", resource.logical_id, resource.kind));
                stack.plan = Some(Plan { direction: Direction::Back, ..plan });
                let status =
                    if is_new { Status::RollbackInProgress } else { Status::UpdateRollbackInProgress };
                self.turn(held, status).await?;
                return Ok(Outcome::Later(Duration::ZERO));
            }
        }
        stack.resources = plan.wanted;
        stack.outputs = plan.outputs;
        stack.template = plan.template;
        stack.description = plan.description;
        stack.parameters = plan.parameters;
        stack.secret = plan.secret;
        stack.plan = None;
        let status = if is_new { Status::CreateComplete } else { Status::UpdateComplete };
        self.finish(held, status, item).await
    }

    /// Brings back what was there. A step that fails for good is said, and the others go on.
    async fn back(&self, mut held: Held<Stack>, plan: Plan, item: &WorkItem) -> Result<Outcome, Error> {
        let stack = &mut held.value;
        let mut whole = true;
        // What was changed or taken away is put right first, then what was made is removed, backwards.
        for resource in stack.resources.clone() {
            let wanted = plan.wanted.iter().find(|new| decide::is_same(new, &resource));
            if wanted.is_some_and(|new| new.properties == resource.properties) {
                continue;
            }
            whole &= self.undo(stack, &plan, Action::Update, &resource).await;
        }
        let there = stack.resources.clone();
        for resource in plan.wanted.iter().rev() {
            if !there.iter().any(|old| decide::is_same(old, resource)) {
                whole &= self.undo(stack, &plan, Action::Delete, resource).await;
            }
        }
        stack.plan = None;
        let status = match (stack.status, whole) {
            (Status::RollbackInProgress, _) => Status::RollbackComplete,
            (_, true) => Status::UpdateRollbackComplete,
            (_, false) => Status::UpdateRollbackFailed,
        };
        self.finish(held, status, item).await
    }

    async fn undo(&self, stack: &mut Stack, plan: &Plan, action: Action, resource: &Made) -> bool {
        let failed = self.step(stack, plan, action, resource).await.err().map(|error| error.to_string());
        let well = failed.is_none();
        self.remember(stack, action, resource, failed);
        well
    }

    /// One step, tried again while its trouble may pass.
    async fn step(&self, stack: &Stack, plan: &Plan, action: Action, made: &Made) -> Result<(), Error> {
        let kind = resources::of(&made.kind)
            .ok_or_else(|| Error::Request(format!("the type {} is no longer known", made.kind)))?;
        let others = match plan.direction {
            Direction::Forward => &stack.resources,
            Direction::Back => &plan.wanted,
        };
        let before = others.iter().find(|other| decide::is_same(other, made));
        let call = Call { by: &plan.by, scope: &stack.scope, made, before };
        let mut tries = 0;
        loop {
            let done = match action {
                Action::Delete => kind.remove(&self.there, &call).await,
                Action::Create | Action::Update | Action::Replace => kind.ensure(&self.there, &call).await,
            };
            tries += 1;
            match done {
                Err(error) if error.is_passing() && tries < PATIENCE => {
                    tokio::time::sleep(PAUSE * tries).await
                }
                done => return done,
            }
        }
    }

    fn remember(&self, stack: &mut Stack, action: Action, resource: &Made, failed: Option<String>) {
        let end = if failed.is_some() { "FAILED" } else { "COMPLETE" };
        let status = format!("{}_{end}", action.verb());
        stack.note(self.ground.now(), &resource.logical_id, &status, failed);
    }

    async fn turn(&self, mut held: Held<Stack>, status: Status) -> Result<(), Error> {
        let changes = self.becomes(&mut held, status)?;
        Ok(self.ground.store.commit(changes).await?)
    }

    async fn finish(&self, mut held: Held<Stack>, status: Status, item: &WorkItem) -> Result<Outcome, Error> {
        let mut changes = self.becomes(&mut held, status)?;
        changes.finish(item);
        self.ground.store.commit(changes).await?;
        Ok(Outcome::Settled)
    }

    fn becomes(&self, held: &mut Held<Stack>, status: Status) -> Result<Changes, StoreError> {
        let stack = &mut held.value;
        stack.status = status;
        stack.updated = self.ground.now();
        let (name, reason) = (stack.name.clone(), stack.reason.clone());
        stack.note(stack.updated, &name, status.as_str(), reason);
        let mut changes = Changes::new();
        changes.put(stack, Expect::Version(held.version))?;
        told::tell(&mut changes, stack)?;
        Ok(changes)
    }
}
