//! The verbs on rules and their targets.

use trainyard_domain::{Arn, Principal, Scope, event::DEFAULT_BUS};
use trainyard_store::{Changes, Expect, Held, List, Range};

use super::{
    Bus, Error,
    buses::{EventBus, bus_name},
    rule::{self, Rule, RuleSpec, RuleTarget, legal_name},
    schedule,
};
use crate::{audit, ground::to_the_end};

/// A rule has at most so many targets.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
const MOST_TARGETS: usize = 5;

impl Bus {
    /// Makes the rule, or replaces it and keeps its targets and tags. Says its ARN.
    pub async fn put_rule(&self, scope: &Scope, by: &Principal, spec: RuleSpec) -> Result<Arn, Error> {
        let bus = bus_name(spec.bus.as_deref()).to_owned();
        spec.check(&bus)?;
        self.must_have_bus(scope, &bus).await?;
        let old = self.ground.store.get::<Rule>(&scope.to_string(), &rule::id(&bus, &spec.name)).await?;
        let role = spec.role.as_deref().map(role_arn).transpose()?;
        if role.as_ref().is_some_and(|role| role.account != scope.account.as_str()) {
            return Err(Error::Invalid("Cross-account pass role is not allowed.".to_owned()));
        }
        let same_times = |rule: &Rule| rule.enabled && rule.schedule == spec.schedule;
        let since = old.as_ref().filter(|o| same_times(&o.value)).map(|o| o.value.since);
        let (expect, tags, targets) = match old {
            Some(Held { version, value }) => (Expect::Version(version), value.tags, value.targets),
            None => (Expect::Absent, spec.tags, Vec::new()),
        };
        let rule = Rule {
            scope: scope.clone(),
            bus,
            name: spec.name,
            pattern: spec.pattern,
            schedule: spec.schedule,
            enabled: !spec.disabled,
            description: spec.description,
            role,
            tags,
            targets,
            since: since.unwrap_or_else(|| self.ground.now()),
        };
        self.save(rule, expect, by, "events:PutRule").await
    }

    /// The rule of that name.
    pub async fn describe_rule(&self, scope: &Scope, bus: Option<&str>, name: &str) -> Result<Rule, Error> {
        Ok(self.held(scope, bus, name).await?.value)
    }

    /// One page of the bus's rules whose names begin with `prefix`.
    pub async fn list_rules(
        &self,
        scope: &Scope,
        (bus, prefix): (Option<&str>, &str),
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Rule>, Option<String>), Error> {
        let bus = bus_name(bus);
        self.must_have_bus(scope, bus).await?;
        let names = Range::prefix(&rule::id(bus, prefix));
        let page =
            self.ground.store.list(List::in_scope(scope).within(names).limit(limit).after(after)).await?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }

    /// Removes a rule that has no targets. Nothing happens if there is no such rule.
    pub async fn delete_rule(
        &self,
        scope: &Scope,
        by: &Principal,
        bus: Option<&str>,
        name: &str,
    ) -> Result<(), Error> {
        let bus = bus_name(bus);
        self.must_have_bus(scope, bus).await?;
        let held = match self.held(scope, Some(bus), name).await {
            Ok(held) => held,
            Err(Error::NoRule { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        if !held.value.targets.is_empty() {
            return Err(Error::Invalid("Rule can't be deleted since it has targets.".to_owned()));
        }
        let arn = held.value.arn();
        let mut changes = Changes::new();
        changes.delete::<Rule>(&scope.to_string(), &rule::id(bus, name), Expect::Version(held.version));
        changes.cancel(schedule::SCHEDULES, &arn.to_string());
        audit::note(&mut changes, &self.ground, by, "events:DeleteRule", &arn)?;
        self.commit(changes, &held.value).await
    }

    /// Enables or disables the rule.
    pub async fn enable_rule(
        &self,
        scope: &Scope,
        by: &Principal,
        (bus, name): (Option<&str>, &str),
        enabled: bool,
    ) -> Result<(), Error> {
        let Held { version, mut value } = self.held(scope, bus, name).await?;
        if enabled && !value.enabled {
            value.since = self.ground.now();
        }
        value.enabled = enabled;
        let action = if enabled { "events:EnableRule" } else { "events:DisableRule" };
        self.save(value, Expect::Version(version), by, action).await.map(drop)
    }

    /// Adds targets to the rule, or replaces those of the same id.
    pub async fn put_targets(
        &self,
        scope: &Scope,
        by: &Principal,
        (bus, name): (Option<&str>, &str),
        targets: Vec<RuleTarget>,
    ) -> Result<(), Error> {
        let Held { version, mut value } = self.held(scope, bus, name).await?;
        for target in targets {
            self.check_target(scope, &target)?;
            match value.targets.iter_mut().find(|old| old.id == target.id) {
                Some(old) => *old = target,
                None => value.targets.push(target),
            }
        }
        if value.targets.len() > MOST_TARGETS {
            return Err(Error::Limit);
        }
        self.save(value, Expect::Version(version), by, "events:PutTargets").await.map(drop)
    }

    /// Takes targets off the rule; says which ids were not there.
    pub async fn remove_targets(
        &self,
        scope: &Scope,
        by: &Principal,
        (bus, name): (Option<&str>, &str),
        ids: &[String],
    ) -> Result<Vec<String>, Error> {
        let Held { version, mut value } = self.held(scope, bus, name).await?;
        let strange = ids.iter().filter(|id| !value.targets.iter().any(|t| t.id == **id)).cloned().collect();
        value.targets.retain(|target| !ids.contains(&target.id));
        self.save(value, Expect::Version(version), by, "events:RemoveTargets").await?;
        Ok(strange)
    }

    /// The names of the bus's rules that have this target, page by page.
    pub async fn rules_of_target(
        &self,
        scope: &Scope,
        target: &Arn,
        after: Option<String>,
    ) -> Result<(Vec<Rule>, Option<String>), Error> {
        let asked = List::in_scope(scope).equal("target", &target.to_string()).after(after);
        let page = self.ground.store.list(asked).await?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }

    pub(super) async fn held(
        &self,
        scope: &Scope,
        bus: Option<&str>,
        name: &str,
    ) -> Result<Held<Rule>, Error> {
        let bus = bus_name(bus);
        let held = self.ground.store.get(&scope.to_string(), &rule::id(bus, name)).await?;
        if held.is_none() {
            self.must_have_bus(scope, bus).await?;
        }
        held.ok_or_else(|| Error::NoRule { rule: name.to_owned(), bus: bus.to_owned() })
    }

    pub(super) async fn must_have_bus(&self, scope: &Scope, bus: &str) -> Result<(), Error> {
        let there =
            bus == DEFAULT_BUS || self.ground.store.get::<EventBus>(&scope.to_string(), bus).await?.is_some();
        if there { Ok(()) } else { Err(Error::NoBus(bus.to_owned())) }
    }

    /// Refuses a target that cannot be one here.
    pub fn check_target(&self, scope: &Scope, target: &RuleTarget) -> Result<(), Error> {
        legal_name(&target.id, "targets.member.id")?;
        target.check_patience()?;
        self.check_letters(scope, target)?;
        let RuleTarget { id, arn, role, shape, http, .. } = target;
        let Some(kind) = self.target_for(arn) else {
            let words = format!("Target {arn} is not of a kind that this server can start.");
            return Err(Error::Invalid(words));
        };
        if arn.account != scope.account.as_str() {
            return Err(Error::Invalid(format!(
                "Target {arn} is of another account, which is not supported."
            )));
        }
        if role.is_none() && kind.needs_role() {
            return Err(Error::Invalid(format!("RoleArn is required for target {arn}.")));
        }
        if role.as_ref().is_some_and(|role| role.account != scope.account.as_str()) {
            return Err(Error::Invalid("Cross-account pass role is not allowed.".to_owned()));
        }
        kind.check(target).map_err(Error::Invalid)?;
        if let Some(http) = http {
            if !kind.takes_http() {
                return Err(Error::Invalid(format!("HttpParameters is not for targets such as {arn}.")));
            }
            http.check()
                .map_err(|why| Error::Invalid(format!("Invalid HttpParameters for target {id}: {why}.")))?;
        }
        shape.check().map_err(|why| Error::Invalid(format!("Invalid input for target {id}: {why}.")))
    }

    async fn save(&self, rule: Rule, expect: Expect, by: &Principal, action: &str) -> Result<Arn, Error> {
        let arn = rule.arn();
        let mut changes = Changes::new();
        changes.put(&rule, expect)?;
        match schedule::first(&rule, self.ground.now()) {
            Some(item) => changes.schedule(item),
            None => changes.cancel(schedule::SCHEDULES, &arn.to_string()),
        };
        audit::note(&mut changes, &self.ground, by, action, &arn)?;
        self.commit(changes, &rule).await?;
        Ok(arn)
    }

    /// To its end, also when the caller goes away meanwhile: the rulebook must hear of what is committed, and after it.
    async fn commit(&self, changes: Changes, rule: &Rule) -> Result<(), Error> {
        let (room, scope, bus, name) =
            (self.clone(), rule.scope.clone(), rule.bus.clone(), rule.name.clone());
        to_the_end(async move {
            let done = room.ground.store.commit(changes).await;
            // Also when it failed: it costs one more reading.
            room.rulebook.changed(&scope, &bus, &name);
            done.map_err(|error| match error {
                trainyard_store::Error::Conflict(_) => Error::Concurrent(name),
                error => error.into(),
            })
        })
        .await
    }
}

fn role_arn(text: &str) -> Result<Arn, Error> {
    text.parse().map_err(|_| {
        Error::Invalid(format!(
            "Parameter {text} is not valid. Reason: Provided Arn is not in correct format."
        ))
    })
}
