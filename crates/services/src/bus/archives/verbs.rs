//! The verbs on archives.

use trainyard_domain::{Arn, Principal, Scope};
use trainyard_store::{Changes, Expect, Held, List, Range};

use super::{Archive, ArchiveFilter, ArchiveSpec, ArchiveTally, rule, sweep};
use crate::{
    audit,
    bus::{Bus, Error, Rule, buses::own_bus, replays, rule as rules},
};

impl Bus {
    /// Makes an archive and the rule by which it listens.
    pub async fn create_archive(
        &self,
        scope: &Scope,
        by: &Principal,
        spec: ArchiveSpec,
    ) -> Result<Archive, Error> {
        spec.check()?;
        let bus = source(scope, spec.source.as_deref().unwrap_or_default())?.to_owned();
        self.must_have_bus(scope, &bus).await?;
        if self.ground.store.get::<Archive>(&scope.to_string(), &spec.name).await?.is_some() {
            return Err(Error::ArchiveExists(spec.name));
        }
        let archive = Archive {
            scope: scope.clone(),
            id: self.ground.uuid(),
            bus,
            retention_days: spec.days().unwrap_or(0),
            description: spec.description,
            pattern: spec.pattern.filter(|text| !text.is_empty()),
            key: spec.key,
            created: self.ground.now(),
            name: spec.name,
        };
        self.save_archive(&archive, (Expect::Absent, Expect::Absent), (by, "events:CreateArchive")).await?;
        Ok(archive)
    }

    /// The archive and how much is in it.
    pub async fn describe_archive(
        &self,
        scope: &Scope,
        name: &str,
    ) -> Result<(Archive, ArchiveTally), Error> {
        self.with_tally(self.held_archive(scope, name).await?.value).await
    }

    /// Changes the archive. A new pattern and a new time of keeping count from now on.
    pub async fn update_archive(
        &self,
        scope: &Scope,
        by: &Principal,
        spec: ArchiveSpec,
    ) -> Result<Archive, Error> {
        spec.check()?;
        let Held { version, value: archive } = self.held_archive(scope, &spec.name).await?;
        let old = rules::id(&archive.bus, &rule::name(&archive.name));
        let old = self.ground.store.get::<Rule>(&scope.to_string(), &old).await?;
        let archive = archive.changed(spec);
        // Somebody may have removed the rule by force: changing the archive puts it back.
        let rule = old.map_or(Expect::Absent, |held| Expect::Version(held.version));
        self.save_archive(&archive, (Expect::Version(version), rule), (by, "events:UpdateArchive")).await?;
        Ok(archive)
    }

    /// Removes the archive, its rule, and then all that is in it. Replays of it fail.
    pub async fn delete_archive(&self, scope: &Scope, by: &Principal, name: &str) -> Result<(), Error> {
        let Held { version, value: archive } = self.held_archive(scope, name).await?;
        let rule = rule::of(&archive, archive.created)?;
        let mut changes = Changes::new();
        changes.delete::<Archive>(&scope.to_string(), name, Expect::Version(version));
        changes.delete::<Rule>(&scope.to_string(), &rules::id(&rule.bus, &rule.name), Expect::Any);
        changes.schedule(sweep::last(&archive, self.ground.now()));
        for replay in self.active_replays(scope, &archive.arn()).await? {
            changes.schedule(replays::next(&replay));
        }
        audit::note(&mut changes, &self.ground, by, "events:DeleteArchive", archive.arn())?;
        self.commit_removal(changes, &rule).await
    }

    /// One page of archives.
    pub async fn list_archives(
        &self,
        scope: &Scope,
        filter: &ArchiveFilter,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<(Archive, ArchiveTally)>, Option<String>), Error> {
        filter.check()?;
        if filter.state.as_ref().is_some_and(|state| state != Archive::STATE) {
            return Ok((Vec::new(), None));
        }
        let all = List::in_scope(scope).limit(limit).after(after);
        let asked = match (&filter.source, &filter.prefix) {
            (Some(arn), _) => {
                let bus = source(scope, arn)?;
                self.must_have_bus(scope, bus).await?;
                all.equal("bus", bus)
            }
            (None, Some(prefix)) => all.within(Range::prefix(prefix)),
            (None, None) => all,
        };
        let page = self.ground.store.list::<Archive>(asked).await?;
        let mut found = Vec::with_capacity(page.items.len());
        for held in page.items {
            found.push(self.with_tally(held.value).await?);
        }
        Ok((found, page.next))
    }

    pub(in crate::bus) async fn held_archive(
        &self,
        scope: &Scope,
        name: &str,
    ) -> Result<Held<Archive>, Error> {
        let held = self.ground.store.get(&scope.to_string(), name).await?;
        held.ok_or_else(|| Error::NoArchive(name.to_owned()))
    }

    async fn with_tally(&self, archive: Archive) -> Result<(Archive, ArchiveTally), Error> {
        let tally = self.archive_tallies.of(&self.ground.store, &archive.id).await?;
        Ok((archive, tally))
    }

    async fn save_archive(
        &self,
        archive: &Archive,
        (of_archive, of_rule): (Expect, Expect),
        (by, action): (&Principal, &str),
    ) -> Result<(), Error> {
        let now = self.ground.now();
        let rule = rule::of(archive, now)?;
        let mut changes = Changes::new();
        changes.put(archive, of_archive)?;
        changes.put(&rule, of_rule)?;
        changes.schedule(sweep::first(archive, now));
        audit::note(&mut changes, &self.ground, by, action, archive.arn())?;
        self.commit(changes, &rule).await
    }
}

/// The name of the bus of this ARN.
fn source<'a>(scope: &Scope, arn: &'a str) -> Result<&'a str, Error> {
    let is_bus =
        arn.parse::<Arn>().is_ok_and(|arn| arn.service == "events" && arn.resource_of("event-bus").is_some());
    if !is_bus {
        let words = "Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN.";
        return Err(Error::Invalid(words.to_owned()));
    }
    own_bus(scope, Some(arn))
}
