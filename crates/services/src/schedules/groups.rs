//! The verbs on groups and their tags.

use trainyard_domain::{Arn, Principal, Scope};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, List, Range};

use super::{
    DEFAULT_GROUP, Error, Group, GroupState, Schedule, Schedules, Tag, check, schedule, verbs::remove,
    watch::wake_of_group,
};
use crate::{
    audit,
    listing::{self, Listing},
};

impl Schedules {
    /// Makes a group. One of that name made with the same token and tags is that group.
    pub async fn create_group(
        &self,
        scope: &Scope,
        by: &Principal,
        name: &str,
        (tags, client_token): (Vec<Tag>, Option<String>),
    ) -> Result<Arn, Error> {
        check::name(name, "name")?;
        check::tags(&tags)?;
        if name == DEFAULT_GROUP {
            return Err(Error::GroupExists(name.to_owned()));
        }
        let now = Some(self.ground.now());
        let group = Group {
            name: name.to_owned(),
            created: now,
            modified: now,
            tags,
            client_token,
            ..Group::default_of(scope)
        };
        match self.save_group(&group, Expect::Absent, by, "scheduler:CreateScheduleGroup").await {
            Err(Error::Store(StoreError::Conflict(_))) => {
                let there = self.held_group(scope, name).await?.1;
                let same = there.client_token.is_some()
                    && (&there.client_token, &there.tags) == (&group.client_token, &group.tags);
                if same { Ok(there.arn()) } else { Err(Error::GroupExists(name.to_owned())) }
            }
            done => done.map(|()| group.arn()),
        }
    }

    /// The group.
    pub async fn group(&self, scope: &Scope, name: &str) -> Result<Group, Error> {
        check::name(name, "name")?;
        Ok(self.held_group(scope, name).await?.1)
    }

    /// One page of groups, the default one first.
    pub async fn list_groups(
        &self,
        scope: &Scope,
        prefix: &str,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Group>, Option<String>), Error> {
        let mut groups = Vec::new();
        if after.is_none() && DEFAULT_GROUP.starts_with(prefix) {
            groups.push(self.held_group(scope, DEFAULT_GROUP).await?.1);
        }
        let limit = limit.saturating_sub(groups.len()).max(1);
        let list = List::in_scope(scope).within(Range::prefix(prefix));
        let listing = Listing { ascending: true, limit, after, ..Listing::default() };
        let made = |group: &Group| group.name != DEFAULT_GROUP;
        let (more, next) = listing::page(&self.ground.store, list, &listing, made).await?;
        groups.extend(more);
        Ok((groups, next))
    }

    /// Begins to delete the group with all its schedules: from now on none of their times is begun.
    pub async fn delete_group(&self, scope: &Scope, by: &Principal, name: &str) -> Result<(), Error> {
        if name == DEFAULT_GROUP {
            return Err(Error::Invalid("The default schedule group cannot be deleted.".to_owned()));
        }
        let (expect, mut group) = self.held_group(scope, name).await?;
        group.state = GroupState::Deleting;
        group.modified = Some(self.ground.now());
        let mut changes = Changes::new();
        changes.put(&group, expect)?;
        changes.schedule(wake_of_group(&group));
        audit::note(&mut changes, &self.ground, by, "scheduler:DeleteScheduleGroup", group.arn())?;
        self.ground.store.commit(changes).await.map_err(|error| concurrent(error, name))
    }

    /// Deletes what is left of a group that is being deleted.
    pub(super) async fn empty_group(&self, scope: &Scope, name: &str) -> Result<(), Error> {
        loop {
            let list = List::in_scope(scope).within(Range::prefix(&schedule::id(name, ""))).limit(500);
            let page = self.ground.store.list::<Schedule>(list).await?.items;
            let mut changes = Changes::new();
            page.iter().for_each(|held| remove(&mut changes, held));
            if page.is_empty() {
                changes.delete::<Group>(&scope.to_string(), name, Expect::Any);
                return Ok(self.ground.store.commit(changes).await?);
            }
            self.ground.store.commit(changes).await?;
        }
    }

    /// The tags of a group; only groups have some.
    pub async fn tags(&self, scope: &Scope, arn: &str) -> Result<Vec<Tag>, Error> {
        Ok(self.held_group(scope, group_of(arn, scope)?.as_str()).await?.1.tags)
    }

    /// Adds tags to a group, or replaces those of the same key.
    pub async fn tag(&self, scope: &Scope, by: &Principal, arn: &str, tags: Vec<Tag>) -> Result<(), Error> {
        let name = group_of(arn, scope)?;
        let (expect, mut group) = self.held_group(scope, &name).await?;
        group.tags.retain(|old| tags.iter().all(|new| new.key != old.key));
        group.tags.extend(tags);
        check::tags(&group.tags)?;
        self.change_tags(group, expect, by, "scheduler:TagResource").await
    }

    /// Takes tags off a group.
    pub async fn untag(
        &self,
        scope: &Scope,
        by: &Principal,
        arn: &str,
        keys: &[String],
    ) -> Result<(), Error> {
        let name = group_of(arn, scope)?;
        let (expect, mut group) = self.held_group(scope, &name).await?;
        group.tags.retain(|tag| !keys.contains(&tag.key));
        self.change_tags(group, expect, by, "scheduler:UntagResource").await
    }

    async fn change_tags(
        &self,
        mut group: Group,
        expect: Expect,
        by: &Principal,
        action: &str,
    ) -> Result<(), Error> {
        group.modified = Some(self.ground.now());
        match self.save_group(&group, expect, by, action).await {
            Err(Error::Store(error)) => Err(concurrent(error, &group.name)),
            done => done,
        }
    }

    /// Refuses a group that is not there, or that will not be for long.
    pub(super) async fn must_have_group(&self, scope: &Scope, name: &str) -> Result<(), Error> {
        let (_, group) = self.held_group(scope, name).await?;
        match group.state {
            GroupState::Active => Ok(()),
            GroupState::Deleting => Err(Error::Conflict(format!("Schedule group {name} is being deleted."))),
        }
    }

    /// The group, and what it must still be when it is changed.
    async fn held_group(&self, scope: &Scope, name: &str) -> Result<(Expect, Group), Error> {
        match self.ground.store.get::<Group>(&scope.to_string(), name).await? {
            Some(Held { version, value }) => Ok((Expect::Version(version), value)),
            None if name == DEFAULT_GROUP => Ok((Expect::Absent, Group::default_of(scope))),
            None => Err(Error::NoGroup(name.to_owned())),
        }
    }

    async fn save_group(
        &self,
        group: &Group,
        expect: Expect,
        by: &Principal,
        action: &str,
    ) -> Result<(), Error> {
        let mut changes = Changes::new();
        changes.put(group, expect)?;
        audit::note(&mut changes, &self.ground, by, action, group.arn())?;
        Ok(self.ground.store.commit(changes).await?)
    }
}

fn concurrent(error: StoreError, name: &str) -> Error {
    match error {
        StoreError::Conflict(_) => {
            Error::Conflict(format!("Schedule group {name} was modified concurrently."))
        }
        error => error.into(),
    }
}

fn group_of(text: &str, scope: &Scope) -> Result<String, Error> {
    let arn: Option<Arn> = text.parse().ok();
    let own = |arn: &Arn| arn.service == "scheduler" && arn.scope().as_ref() == Some(scope);
    let name = arn.filter(own).and_then(|arn| arn.resource_of("schedule-group").map(str::to_owned));
    name.ok_or_else(|| {
        Error::Invalid(format!("{text} is not the ARN of a schedule group of this account and region."))
    })
}
