//! The verbs on schedules.

use trainyard_domain::{Arn, Principal, Scope};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, List, Range};

use super::{
    Completion, Error, Schedule, ScheduleSpec, Schedules, State, call, check, decide, schedule,
    watch::{WAKES, wake},
};
use crate::{
    audit, identity,
    listing::{self, Listing},
};

/// The service that a role must trust.
const SCHEDULER: &str = "scheduler.amazonaws.com";

/// Which schedules are asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Only of this group.
    pub group: Option<String>,
    /// Only those whose names begin with it.
    pub prefix: Option<String>,
    /// Only in this state.
    pub state: Option<State>,
}

/// How often a change is tried that meets another: a time of the schedule that is begun just then.
const TRIES: usize = 10;

impl Schedules {
    /// Makes the schedule. One of that name made with the same token and the same members is that schedule.
    pub async fn create(&self, scope: &Scope, by: &Principal, spec: ScheduleSpec) -> Result<Arn, Error> {
        let spec = spec.whole();
        let now = self.ground.now();
        check::spec(&spec, scope, now)?;
        self.must_have_group(scope, spec.group()).await?;
        self.check_target(scope, &spec).await?;
        let schedule =
            Schedule { scope: scope.clone(), spec, created: now, modified: now, since: now, last: None };
        match self.save(&schedule, Expect::Absent, by, "scheduler:CreateSchedule").await {
            Err(Error::Store(StoreError::Conflict(_))) => {
                let name = schedule.spec.name.clone();
                let there = self.held(scope, schedule.spec.group(), &name).await?.value;
                let same = there.spec.client_token.is_some() && there.spec == schedule.spec;
                if same { Ok(there.arn()) } else { Err(Error::ScheduleExists(name)) }
            }
            done => done,
        }
    }

    /// Replaces the schedule: what is not said takes its default.
    pub async fn update(&self, scope: &Scope, by: &Principal, spec: ScheduleSpec) -> Result<Arn, Error> {
        let spec = spec.whole();
        for _ in 0..TRIES {
            let now = self.ground.now();
            let Held { version, value: old } = self.held(scope, spec.group(), &spec.name).await?;
            let moved = |of: &ScheduleSpec| (of.schedule_expression.clone(), of.start_date, of.state);
            let same_times = moved(&old.spec) == moved(&spec);
            if old.spec.start_date == spec.start_date {
                // A start that was once right does not become wrong.
                let unbound = ScheduleSpec { start_date: None, ..spec.clone() };
                check::spec(&unbound, scope, now)?;
            } else {
                check::spec(&spec, scope, now)?;
            }
            self.check_target(scope, &spec).await?;
            let since = if same_times { old.since } else { now };
            let new = Schedule { spec: spec.clone(), modified: now, since, ..old };
            match self.save(&new, Expect::Version(version), by, "scheduler:UpdateSchedule").await {
                Err(Error::Store(StoreError::Conflict(_))) => {}
                done => return done,
            }
        }
        Err(Error::Conflict(format!("Schedule {} was modified concurrently.", spec.name)))
    }

    /// The schedule.
    pub async fn get(&self, scope: &Scope, group: &str, name: &str) -> Result<Schedule, Error> {
        check::name(name, "name")?;
        check::name(group, "groupName")?;
        Ok(self.held(scope, group, name).await?.value)
    }

    /// One page of schedules, group by group.
    pub async fn list(
        &self,
        scope: &Scope,
        asked: &Asked,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Schedule>, Option<String>), Error> {
        let list = List::in_scope(scope);
        let prefix = asked.prefix.as_deref().unwrap_or_default();
        let list = match &asked.group {
            Some(group) => {
                self.must_have_group(scope, group).await?;
                list.within(Range::prefix(&schedule::id(group, prefix)))
            }
            None => list,
        };
        let listing = Listing { ascending: true, limit, after, ..Listing::default() };
        let fits = |schedule: &Schedule| {
            schedule.spec.name.starts_with(prefix)
                && asked.state.is_none_or(|state| schedule.spec.state == Some(state))
        };
        Ok(listing::page(&self.ground.store, list, &listing, fits).await?)
    }

    /// Removes the schedule. Calls for times that were begun already are still made.
    pub async fn delete(&self, scope: &Scope, by: &Principal, group: &str, name: &str) -> Result<(), Error> {
        for _ in 0..TRIES {
            let held = self.held(scope, group, name).await?;
            let mut changes = Changes::new();
            remove(&mut changes, &held);
            audit::note(&mut changes, &self.ground, by, "scheduler:DeleteSchedule", held.value.arn())?;
            match self.ground.store.commit(changes).await {
                Err(StoreError::Conflict(_)) => {}
                done => return Ok(done?),
            }
        }
        Err(Error::Conflict(format!("Schedule {name} was modified concurrently.")))
    }

    pub(super) async fn held(&self, scope: &Scope, group: &str, name: &str) -> Result<Held<Schedule>, Error> {
        let held = self.ground.store.get(&scope.to_string(), &schedule::id(group, name)).await?;
        if held.is_none() {
            self.must_have_group(scope, group).await?;
        }
        held.ok_or_else(|| Error::NoSchedule(name.to_owned()))
    }

    /// The schedule, if its times count: none if it is gone or disabled, or goes with its group.
    pub(super) async fn live(
        &self,
        scope: &Scope,
        group: &str,
        name: &str,
    ) -> Result<Option<Held<Schedule>>, Error> {
        let held = match self.must_have_group(scope, group).await {
            Ok(()) => self.held(scope, group, name).await,
            Err(error) => Err(error),
        };
        match held {
            Ok(held) => Ok(Some(held).filter(|held| held.value.spec.state != Some(State::Disabled))),
            Err(Error::NoSchedule(_) | Error::NoGroup(_) | Error::Conflict(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refuses what can be seen only by looking around: an operation that is not here, a role that does not trust.
    async fn check_target(&self, scope: &Scope, spec: &ScheduleSpec) -> Result<(), Error> {
        let kind = call::Kind::of(&spec.target, scope).map_err(Error::Invalid)?;
        if let (call::Kind::Universal(service, action), Some(caller)) = (kind, self.caller.get())
            && !caller.offers(&service, &action)
        {
            let words = format!("Target {}: this server has no such operation.", spec.target.arn);
            return Err(Error::Invalid(words));
        }
        self.check_trust(scope, &spec.target.role_arn).await
    }

    /// A role that was made here must trust the Scheduler; one that was not is taken at its word, as elsewhere.
    async fn check_trust(&self, scope: &Scope, role: &str) -> Result<(), Error> {
        let name = role.rsplit('/').next().unwrap_or_default();
        match self.identity.role(&scope.account, name).await {
            Ok(role) if !identity::trusts(&role, SCHEDULER) => Err(Error::Invalid(
                "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
                    .to_owned(),
            )),
            Ok(_) | Err(identity::Error::NotFound { .. }) => Ok(()),
            Err(identity::Error::Store(error)) => Err(error.into()),
            Err(error) => Err(Error::Invalid(error.to_string())),
        }
    }

    async fn save(
        &self,
        schedule: &Schedule,
        expect: Expect,
        by: &Principal,
        action: &str,
    ) -> Result<Arn, Error> {
        let arn = schedule.arn();
        let mut changes = Changes::new();
        changes.put(schedule, expect)?;
        match decide::first(schedule, self.ground.now())? {
            Some(due) => changes.schedule(wake(schedule, due)),
            None => changes.cancel(WAKES, &arn.to_string()),
        };
        audit::note(&mut changes, &self.ground, by, action, &arn)?;
        self.ground.store.commit(changes).await?;
        Ok(arn)
    }
}

/// Takes the schedule and its next time away.
pub(super) fn remove(changes: &mut Changes, held: &Held<Schedule>) {
    let Held { version, value } = held;
    let id = schedule::id(value.spec.group(), &value.spec.name);
    changes.delete::<Schedule>(&value.scope.to_string(), &id, Expect::Version(*version));
    changes.cancel(WAKES, &value.arn().to_string());
}

/// Whether the schedule is deleted when its last time is over.
pub(super) fn is_deleted_after(spec: &ScheduleSpec) -> bool {
    spec.action_after_completion == Some(Completion::Delete)
}
