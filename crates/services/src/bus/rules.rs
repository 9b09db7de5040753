//! The verbs on rules and their targets.

use trainyard_domain::{Arn, Principal, Scope};
use trainyard_store::{Changes, Expect, Held, List, Range};

use super::{
    Bus, Error, Shape,
    buses::own_bus,
    rule::{self, Rule, RuleSpec, RuleTarget},
    schedule, tally,
};
use crate::{
    audit,
    ground::to_the_end,
    identity,
    listing::{self, Listing},
    violations::Violations,
};

/// A rule has at most so many targets.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
const MOST_TARGETS: usize = 5;
/// And a bus has at most so many rules.
const MOST_RULES: u64 = 300;
/// Who assumes the roles of rules and targets.
const SERVICE: &str = "events.amazonaws.com";
/// A change that meets another one is made so many times.
const TRIES: usize = 5;

impl Bus {
    /// Makes the rule, or replaces it and keeps its targets and tags. Says its ARN.
    pub async fn put_rule(&self, scope: &Scope, by: &Principal, spec: RuleSpec) -> Result<Arn, Error> {
        let bus = own_bus(scope, spec.bus.as_deref())?.to_owned();
        spec.check(&bus)?;
        self.must_have_bus(scope, &bus).await?;
        let old = self.ground.store.get::<Rule>(&scope.to_string(), &rule::id(&bus, &spec.name)).await?;
        match &old {
            Some(old) => old.value.must_be_free()?,
            None if self.count_rules(scope, &bus).await? >= MOST_RULES => return Err(Error::Limit),
            None => {}
        }
        let role = spec.role.as_deref().map(role_arn).transpose()?;
        if let Some(role) = &role {
            check_own(scope, role)?;
            self.check_trust(role).await?;
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
            management_events: spec.management_events,
            managed_by: None,
            archive: None,
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
        let bus = own_bus(scope, bus)?;
        self.must_have_bus(scope, bus).await?;
        let names = Range::prefix(&rule::id(bus, prefix));
        let page =
            self.ground.store.list(List::in_scope(scope).within(names).limit(limit).after(after)).await?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }

    /// Removes a rule that has no targets; one that a service manages only by `force`. Nothing happens if there is no
    /// such rule.
    pub async fn delete_rule(
        &self,
        scope: &Scope,
        by: &Principal,
        (bus, name): (Option<&str>, &str),
        force: bool,
    ) -> Result<(), Error> {
        let bus = own_bus(scope, bus)?;
        self.must_have_bus(scope, bus).await?;
        let held = match self.held(scope, Some(bus), name).await {
            Ok(held) => held,
            Err(Error::NoRule { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        if !force {
            held.value.must_be_free()?;
        }
        if !held.value.targets.is_empty() {
            return Err(Error::Invalid("Rule can't be deleted since it has targets.".to_owned()));
        }
        let arn = held.value.arn();
        let mut changes = Changes::new();
        changes.delete::<Rule>(&scope.to_string(), &rule::id(bus, name), Expect::Version(held.version));
        changes.cancel(schedule::SCHEDULES, &arn.to_string());
        audit::note(&mut changes, &self.ground, by, "events:DeleteRule", &arn)?;
        self.commit_removal(changes, &held.value).await
    }

    /// Enables or disables the rule.
    pub async fn enable_rule(
        &self,
        scope: &Scope,
        by: &Principal,
        rule: (Option<&str>, &str),
        enabled: bool,
    ) -> Result<(), Error> {
        let (action, now) =
            (if enabled { "events:EnableRule" } else { "events:DisableRule" }, self.ground.now());
        self.change_rule(scope, rule, (by, action), |rule| {
            if enabled && !rule.enabled {
                rule.since = now;
            }
            rule.enabled = enabled;
            rule.management_events = false;
            Ok(())
        })
        .await
    }

    /// Adds targets to the rule, or replaces those of the same id.
    pub async fn put_targets(
        &self,
        scope: &Scope,
        by: &Principal,
        rule: (Option<&str>, &str),
        targets: Vec<RuleTarget>,
    ) -> Result<(), Error> {
        check_forms(&targets)?;
        for role in targets.iter().filter_map(|target| target.role.as_ref()) {
            // What roles another account has is not to be found out.
            check_own(scope, role)?;
            self.check_trust(role).await?;
        }
        self.change_often(scope, rule, (by, "events:PutTargets"), |rule| {
            rule.must_be_free()?;
            for target in &targets {
                self.check_target(scope, target)?;
                match rule.targets.iter_mut().find(|old| old.id == target.id) {
                    Some(old) => *old = target.clone(),
                    None => rule.targets.push(target.clone()),
                }
            }
            if rule.targets.len() > MOST_TARGETS { Err(Error::Limit) } else { Ok(()) }
        })
        .await
    }

    /// Takes targets off the rule, off one that a service manages only by `force`; says which ids were not there.
    pub async fn remove_targets(
        &self,
        scope: &Scope,
        by: &Principal,
        rule: (Option<&str>, &str),
        (ids, force): (&[String], bool),
    ) -> Result<Vec<String>, Error> {
        let mut strange = Vec::new();
        self.change_often(scope, rule, (by, "events:RemoveTargets"), |rule| {
            if !force {
                rule.must_be_free()?;
            }
            let missing = |id: &&String| !rule.targets.iter().any(|target| target.id == **id);
            strange = ids.iter().filter(missing).cloned().collect();
            rule.targets.retain(|target| !ids.contains(&target.id));
            Ok(())
        })
        .await?;
        Ok(strange)
    }

    /// One page of the bus's rules that have this target.
    pub async fn rules_of_target(
        &self,
        scope: &Scope,
        (bus, target): (Option<&str>, &str),
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Rule>, Option<String>), Error> {
        let bus = own_bus(scope, bus)?;
        self.must_have_bus(scope, bus).await?;
        let asked = List::in_scope(scope).equal("target", target);
        let listing = Listing { ascending: true, limit, after, ..Listing::default() };
        Ok(listing::page(&self.ground.store, asked, &listing, |rule: &Rule| rule.bus == bus).await?)
    }

    /// Changes the rule, unless a service manages it.
    pub(super) async fn change_rule(
        &self,
        scope: &Scope,
        rule: (Option<&str>, &str),
        (by, action): (&Principal, &str),
        change: impl FnOnce(&mut Rule) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Held { version, mut value } = self.held(scope, rule.0, rule.1).await?;
        value.must_be_free()?;
        change(&mut value)?;
        self.save(value, Expect::Version(version), by, action).await.map(drop)
    }

    /// Changes the rule, and again if somebody else changes it at the same time.
    async fn change_often(
        &self,
        scope: &Scope,
        rule: (Option<&str>, &str),
        (by, action): (&Principal, &str),
        mut change: impl FnMut(&mut Rule) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut tries = 1;
        loop {
            let Held { version, mut value } = self.held(scope, rule.0, rule.1).await?;
            change(&mut value)?;
            match self.save(value, Expect::Version(version), by, action).await {
                Err(Error::Concurrent(_)) if tries < TRIES => tries += 1,
                done => return done.map(drop),
            }
        }
    }

    /// Refuses, in AWS's words, a role that EventBridge may not assume.
    async fn check_trust(&self, role: &Arn) -> Result<(), Error> {
        if identity::may_assume(&self.ground.store, role, SERVICE).await? {
            return Ok(());
        }
        Err(Error::Invalid(format!("Provided role '{role}' cannot be assumed by principal '{SERVICE}'.")))
    }

    async fn count_rules(&self, scope: &Scope, bus: &str) -> Result<u64, Error> {
        // No name has a character before this one in it.
        let just = Range { from: Some(bus.to_owned()), before: Some(format!("{bus}\u{1}")), after: None };
        Ok(self.ground.store.count::<Rule>(&scope.to_string(), "bus", just).await?)
    }

    pub(super) async fn held(
        &self,
        scope: &Scope,
        bus: Option<&str>,
        name: &str,
    ) -> Result<Held<Rule>, Error> {
        let bus = own_bus(scope, bus)?;
        let held = self.ground.store.get(&scope.to_string(), &rule::id(bus, name)).await?;
        if held.is_none() {
            self.must_have_bus(scope, bus).await?;
        }
        held.ok_or_else(|| Error::NoRule { rule: name.to_owned(), bus: bus.to_owned() })
    }

    pub(super) async fn must_have_bus(&self, scope: &Scope, bus: &str) -> Result<(), Error> {
        let place = (scope.clone(), bus.to_owned());
        match self.directory.policy(&self.ground.store, &place).await? {
            Some(_) => Ok(()),
            None => Err(Error::NoBus(bus.to_owned())),
        }
    }

    /// Refuses a target that cannot be one here.
    pub fn check_target(&self, scope: &Scope, target: &RuleTarget) -> Result<(), Error> {
        self.check_letters(scope, target)?;
        let RuleTarget { id, arn, role, shape, http, .. } = target;
        let Some(kind) = self.target_for(arn) else {
            let words = format!("Target {arn} is not of a kind that this server can start.");
            return Err(Error::Invalid(words));
        };
        if arn.account != scope.account.as_str() && !kind.takes_other_accounts() {
            return Err(Error::Invalid(format!(
                "Target {arn} is of another account, which is not supported."
            )));
        }
        if role.is_none() && kind.needs_role() {
            return Err(Error::Invalid(format!("RoleArn is required for target {arn}.")));
        }
        if let Some(role) = role {
            check_own(scope, role)?;
        }
        kind.check(target).map_err(Error::Invalid)?;
        if let Some(http) = http {
            if !kind.takes_http() {
                return Err(Error::Invalid(format!("HttpParameters is not for targets such as {arn}.")));
            }
            http.check()
                .map_err(|why| Error::Invalid(format!("Invalid HttpParameters for target {id}: {why}.")))?;
        }
        shape.check(id).map_err(Error::Invalid)
    }

    pub(super) async fn save(
        &self,
        rule: Rule,
        expect: Expect,
        by: &Principal,
        action: &str,
    ) -> Result<Arn, Error> {
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

    /// Commits changes in which the rule goes: its tally goes too, or the next of its name would begin with it.
    pub(super) async fn commit_removal(&self, mut changes: Changes, rule: &Rule) -> Result<(), Error> {
        tally::remove(&mut changes, &rule.arn());
        let (room, rule) = (self.clone(), rule.clone());
        to_the_end(async move {
            room.commit(changes, &rule).await?;
            room.tallies.forget(&rule.arn());
            Ok(())
        })
        .await
    }

    /// To its end, also when the caller goes away meanwhile: the rulebook must hear of what is committed, and after it.
    pub(super) async fn commit(&self, changes: Changes, rule: &Rule) -> Result<(), Error> {
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

impl Rule {
    /// Refuses to let anybody but the service change what a service manages.
    fn must_be_free(&self) -> Result<(), Error> {
        match self.managed_by {
            None => Ok(()),
            Some(_) => Err(Error::Managed(self.name.clone())),
        }
    }
}

/// What is wrong with the targets' members, whatever they are targets of.
fn check_forms(targets: &[RuleTarget]) -> Result<(), Error> {
    let mut wrong = Violations::default();
    for (at, target) in targets.iter().enumerate() {
        let member = |name: &str| format!("targets.{}.member.{name}", at + 1);
        wrong.name(&target.id, &member("id"), 64);
        target.check_patience(&format!("targets.{}.member", at + 1), &mut wrong);
        match &target.shape {
            Shape::Whole => {}
            Shape::Constant(text) => wrong.length((text, &member("input")), 0, 8192),
            Shape::Part(path) => wrong.length((path, &member("inputPath")), 0, 256),
            Shape::Template { paths, template } => {
                wrong.length((template, &member("inputTransformer.inputTemplate")), 1, 8192);
                if paths.len() > 100 {
                    let map = member("inputTransformer.inputPathsMap");
                    wrong.add("<paths>", &map, "have length less than or equal to 100");
                }
            }
        }
    }
    wrong.finish().map_err(Error::Invalid)
}

/// Refuses a role of another account.
fn check_own(scope: &Scope, role: &Arn) -> Result<(), Error> {
    if role.account == scope.account.as_str() {
        return Ok(());
    }
    Err(Error::Invalid("Cross-account pass role is not allowed.".to_owned()))
}

fn role_arn(text: &str) -> Result<Arn, Error> {
    text.parse().map_err(|_| Error::not_an_arn(text))
}
