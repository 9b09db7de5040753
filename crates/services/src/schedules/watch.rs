//! The room's loops: times that have come, calls that are to be made, groups that are to go.

use std::{error::Error as StdError, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use trainyard_domain::{Arn, Principal, Scope, Timestamp, principal::Lineage};
use trainyard_store::{Changes, Error as StoreError, Expect, WorkItem};

use super::{
    Call, CallError, Group, Mode, Schedule, Schedules, Target, call,
    context::Context,
    decide::{self, Times, Turn},
    letter::Letter,
    verbs::{is_deleted_after, remove},
};
use crate::{
    audit,
    given_up::GivenUp,
    ground::{Ground, uuid_from},
    identity::role_session,
    patience::{Exhausted, Failed, Next, Patience},
    work::{self, Outcome, Worker},
};

/// The topic of the next times of schedules, by the schedule's ARN.
pub(super) const WAKES: &str = "scheduler-times";
/// The topic of calls that are to be made, by their tokens.
const CALLS: &str = "scheduler-calls";
/// The topic of groups that are being deleted, by their ARNs.
const GROUPS: &str = "scheduler-groups";

type Trouble = Box<dyn StdError + Send + Sync>;

/// The wake-up for a time of the schedule.
pub(super) fn wake(schedule: &Schedule, due: Timestamp) -> WorkItem {
    let body = serde_json::json!({
        "scope": schedule.scope,
        "group": schedule.spec.group(),
        "name": schedule.spec.name,
    });
    WorkItem::at(WAKES, schedule.arn().to_string(), due, body.to_string())
}

/// The work of deleting the group.
pub(super) fn wake_of_group(group: &Group) -> WorkItem {
    let body = serde_json::json!({"scope": group.scope, "name": group.name});
    WorkItem::now(GROUPS, group.arn().to_string(), body.to_string())
}

impl Schedules {
    /// Runs the room's loops until `stop`.
    pub async fn watch(&self, stop: CancellationToken) {
        let ground = || self.ground.clone();
        let times = work::run(ground(), Arc::new(Clockwork(self.clone())), stop.clone());
        let calls = work::run(ground(), Arc::new(Errands(self.clone())), stop.clone());
        let groups = work::run(ground(), Arc::new(Clearing(self.clone())), stop);
        futures::join!(times, calls, groups);
    }
}

/// Begins times: in one commit the call is put down to be made, and the next time in place of this one.
struct Clockwork(Schedules);

#[derive(Deserialize)]
struct Which {
    scope: Scope,
    #[serde(default)]
    group: String,
    name: String,
}

#[async_trait]
impl Worker for Clockwork {
    const TOPIC: &'static str = WAKES;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        let Which { scope, group, name } = serde_json::from_str(&item.body)?;
        let mut changes = Changes::new();
        let Some(mut held) = self.0.live(&scope, &group, &name).await? else {
            return Ok(Outcome::Finished(changes));
        };
        let now = self.0.ground.now().max(item.due);
        let schedule = &mut held.value;
        let age = Duration::from_secs(schedule.spec.target.retries().patience().seconds.into());
        let Turn { begin, next } = Times::of(schedule)?.turn(item.due, now, age);
        let due = begin.unwrap_or(item.due);
        let invocation = Invocation::of(schedule, due, next.is_none());
        if begin.is_some() {
            changes.schedule(Errand::Call(invocation).item(now)?);
        } else {
            let error = CallError {
                code: "EventTooOld".to_owned(),
                message: "the server was down when it was due, and for longer than its patience".to_owned(),
                retry: false,
            };
            invocation.give_up(&mut changes, &self.0.ground, &error, Some(Exhausted::Age))?;
        }
        match next {
            _ if begin.is_none() && next.is_none() && is_deleted_after(&schedule.spec) => {
                remove(&mut changes, &held);
            }
            next => {
                // The next time is put in place of this one: finishing this one leaves it.
                if let Some(next) = next {
                    changes.schedule(wake(schedule, next));
                }
                schedule.last = Some(due);
                // With its version: a change made meanwhile is not undone, its own times come.
                changes.put(schedule, Expect::Version(held.version))?;
            }
        }
        Ok(Outcome::Finished(changes))
    }
}

/// A call that is to be made.
#[derive(Serialize, Deserialize)]
enum Errand {
    Call(Invocation),
    Letter(Letter),
}

/// The call of one time of a schedule, as the schedule was when the time was begun.
#[derive(Clone, Serialize, Deserialize)]
struct Invocation {
    schedule: Arn,
    scope: Scope,
    group: String,
    name: String,
    /// Which making or change of the schedule this is of.
    modified: Timestamp,
    target: Target,
    /// The time.
    due: Timestamp,
    /// When it is made: later than its time, if it may be.
    at: Timestamp,
    /// Whether no time comes after it.
    last: bool,
    attempts: u32,
}

impl Errand {
    fn item(&self, at: Timestamp) -> Result<WorkItem, StoreError> {
        let body = serde_json::to_string(self).map_err(|e| StoreError::Internal(e.to_string()))?;
        Ok(match self {
            Self::Call(of) => {
                WorkItem::at(CALLS, of.token(), of.at.max(at), body).in_lane(of.target.arn.as_str())
            }
            Self::Letter(of) => WorkItem::at(CALLS, format!("{}/letter", of.execution_id), at, body)
                .in_lane(of.queue.to_string()),
        })
    }
}

impl Invocation {
    fn of(schedule: &Schedule, due: Timestamp, last: bool) -> Self {
        let arn = schedule.arn();
        let window = schedule.spec.flexible_time_window;
        let minutes = window.maximum_window_in_minutes.filter(|_| window.mode == Mode::Flexible);
        let token = token(&arn, due);
        Self {
            scope: schedule.scope.clone(),
            group: schedule.spec.group().to_owned(),
            name: schedule.spec.name.clone(),
            modified: schedule.modified,
            target: schedule.spec.target.clone(),
            at: minutes.map_or(due, |minutes| due.plus(decide::within(&token, minutes))),
            due,
            last,
            attempts: 0,
            schedule: arn,
        }
    }

    fn token(&self) -> String {
        token(&self.schedule, self.due)
    }

    fn role(&self) -> Result<Arn, String> {
        self.target.role_arn.parse().map_err(|_| format!("{} is not a role's ARN", self.target.role_arn))
    }

    /// Records that the call is given up; puts down a letter, if there is a queue for letters.
    fn give_up(
        &self,
        changes: &mut Changes,
        ground: &Ground,
        error: &CallError,
        exhausted: Option<Exhausted>,
    ) -> Result<(), StoreError> {
        note_given_up(changes, ground, &self.scope, (&self.schedule, &self.target.arn), error)?;
        let queue = self.target.dead_letter_config.as_ref().and_then(|of| of.arn.as_ref()?.parse().ok());
        let (Some(queue), Ok(role)) = (queue, self.role()) else { return Ok(()) };
        let token = self.token();
        let attempt = self.attempts.max(1);
        let context = Context { schedule: &self.schedule, due: self.due, token: &token, attempt };
        let letter = Letter {
            queue,
            role,
            schedule: self.schedule.clone(),
            due: self.due,
            execution_id: context.execution_id(),
            payload: self.target.input.as_deref().map(|input| context.fill(input)).unwrap_or_default(),
            given_up: GivenUp {
                target: self.target.arn.clone(),
                code: error.code.clone(),
                message: error.message.clone(),
                exhausted: exhausted.map(|which| which.as_str().to_owned()),
                retries: self.attempts.saturating_sub(1),
            },
            attempts: 0,
        };
        changes.schedule(Errand::Letter(letter).item(ground.now())?);
        Ok(())
    }
}

/// The same for the same time of the same schedule: a UUID.
fn token(schedule: &Arn, due: Timestamp) -> String {
    uuid_from(&["scheduled", &schedule.to_string(), &due.millis().to_string()])
}

fn note_given_up(
    changes: &mut Changes,
    ground: &Ground,
    scope: &Scope,
    (schedule, target): (&Arn, &str),
    error: &CallError,
) -> Result<(), StoreError> {
    tracing::warn!(%schedule, target_arn = target, %error, "a scheduled call is given up");
    let by = Principal::root(scope);
    audit::note_given_up(changes, ground, &by, ("scheduler:Invoke", target), &format!("{schedule}: {error}"))
}

/// Makes the calls.
struct Errands(Schedules);

#[async_trait]
impl Worker for Errands {
    const TOPIC: &'static str = CALLS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        match serde_json::from_str(&item.body) {
            Ok(Errand::Call(invocation)) => self.call(invocation).await,
            Ok(Errand::Letter(letter)) => self.send(letter).await,
            Err(error) => {
                tracing::error!(id = item.id, %error, "a scheduled call that cannot be read is put aside");
                Ok(Outcome::Finished(Changes::new()))
            }
        }
    }
}

impl Errands {
    async fn call(&self, mut of: Invocation) -> Result<Outcome, Trouble> {
        let ground = &self.0.ground;
        let patience = of.target.retries().patience();
        // What was put off within its window is not called for a schedule that is gone meanwhile.
        let put_off = of.attempts == 0 && of.at > of.due;
        if put_off && self.0.live(&of.scope, &of.group, &of.name).await?.is_none() {
            return Ok(Outcome::Finished(Changes::new()));
        }
        if ground.now() > patience.end(of.at) {
            let message = "the server was down until its patience had ended".to_owned();
            let error = CallError { code: "EventTooOld".to_owned(), message, retry: false };
            return self.over(&of, Some((error, Some(Exhausted::Age)))).await;
        }
        let error = match self.attempt(&of).await {
            Ok(()) => return self.over(&of, None).await,
            Err(error) => error,
        };
        of.attempts += 1;
        let (token, since, attempts) = (of.token(), of.at, of.attempts);
        let failed = Failed { token: &token, since, attempts, retry: error.retry, pause: Duration::ZERO };
        let again = match patience.next(&failed, ground.now()) {
            Next::Again(at) => at,
            Next::Over(exhausted) => return self.over(&of, Some((error, exhausted))).await,
        };
        tracing::info!(schedule = %of.schedule, %error, attempts, "a scheduled call is made again later");
        let mut changes = Changes::new();
        changes.schedule(Errand::Call(of).item(again)?);
        Ok(Outcome::Postponed(changes))
    }

    async fn attempt(&self, of: &Invocation) -> Result<(), CallError> {
        let never = |message| CallError { code: "ValidationException".to_owned(), message, retry: false };
        let token = of.token();
        let context =
            Context { schedule: &of.schedule, due: of.due, token: &token, attempt: of.attempts + 1 };
        let role = of.role().map_err(never)?;
        let operation = call::of(&of.target, &of.scope, &context).map_err(never)?;
        let call::Operation { scope, service, action, input } = operation;
        let account = of.scope.account.clone();
        let principal = role_session(&role, account, &context.execution_id(), Lineage::default());
        // What an earlier attempt has begun it is given again, by the token.
        self.make(Call { token: token.clone(), principal, scope, service, action, input }).await
    }

    async fn make(&self, call: Call) -> Result<(), CallError> {
        match self.0.caller.get() {
            Some(caller) => caller.call(&call).await,
            None => Err(CallError {
                code: "ServiceUnavailable".to_owned(),
                message: "the server has no operations yet".to_owned(),
                retry: true,
            }),
        }
    }

    /// The call was made, or given up for a reason. After the last one the schedule goes, if it is to.
    async fn over(
        &self,
        of: &Invocation,
        failed: Option<(CallError, Option<Exhausted>)>,
    ) -> Result<Outcome, Trouble> {
        let mut changes = Changes::new();
        if let Some((error, exhausted)) = failed {
            of.give_up(&mut changes, &self.0.ground, &error, exhausted)?;
        }
        if of.last
            && let Some(held) = self.0.ground.store.get::<Schedule>(&of.scope.to_string(), &id(of)).await?
            && held.value.modified == of.modified
            && is_deleted_after(&held.value.spec)
        {
            remove(&mut changes, &held);
            let by = Principal::root(&of.scope);
            audit::note(&mut changes, &self.0.ground, &by, "scheduler:DeleteSchedule", &of.schedule)?;
        }
        Ok(Outcome::Finished(changes))
    }

    async fn send(&self, mut letter: Letter) -> Result<Outcome, Trouble> {
        let ground = &self.0.ground;
        let (Some(from), Some(to)) = (letter.schedule.scope(), letter.queue.scope()) else {
            return Ok(Outcome::Finished(Changes::new()));
        };
        // It is the schedule's account that sends: a queue of another takes it only where its policy says so.
        let scope = Scope { account: from.account, region: to.region };
        let id = letter.execution_id.clone();
        let principal = role_session(&letter.role, scope.account.clone(), &id, Lineage::default());
        let (service, action) = ("sqs".to_owned(), "sendMessage".to_owned());
        let input = letter.members();
        let call =
            Call { token: format!("{id}/letter"), principal, scope: scope.clone(), service, action, input };
        let mut changes = Changes::new();
        let Err(error) = self.make(call).await else { return Ok(Outcome::Finished(changes)) };
        letter.attempts += 1;
        let (since, attempts) = (letter.due, letter.attempts);
        let failed = Failed { token: &id, since, attempts, retry: error.retry, pause: Duration::ZERO };
        let Next::Again(again) = Patience::OF_LETTERS.next(&failed, ground.now()) else {
            let of = (&letter.schedule, letter.queue.to_string());
            note_given_up(&mut changes, ground, &scope, (of.0, &of.1), &error)?;
            return Ok(Outcome::Finished(changes));
        };
        changes.schedule(Errand::Letter(letter).item(again)?);
        Ok(Outcome::Postponed(changes))
    }
}

fn id(of: &Invocation) -> String {
    super::schedule::id(&of.group, &of.name)
}

/// Deletes groups.
struct Clearing(Schedules);

#[async_trait]
impl Worker for Clearing {
    const TOPIC: &'static str = GROUPS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        let Which { scope, name, .. } = serde_json::from_str(&item.body)?;
        self.0.empty_group(&scope, &name).await?;
        Ok(Outcome::Finished(Changes::new()))
    }
}
