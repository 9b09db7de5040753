//! The verbs on replays.

use trainyard_domain::{Arn, Principal, Scope};
use trainyard_store::{Changes, Expect, Held, List, Range};

use super::{Replay, ReplayFilter, ReplaySpec, ReplayState, replay::not_valid, run};
use crate::{
    audit,
    bus::{Archive, Bus, Error},
};

/// So many replays of an account go on at once.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
const MOST_ACTIVE: usize = 10;

impl Bus {
    /// Starts a replay.
    pub async fn start_replay(
        &self,
        scope: &Scope,
        by: &Principal,
        spec: ReplaySpec,
    ) -> Result<Replay, Error> {
        spec.check()?;
        let (archive, destination) = self.ends(scope, &spec).await?;
        if self.ground.store.get::<Replay>(&scope.to_string(), &spec.name).await?.is_some() {
            return Err(Error::ReplayExists(spec.name));
        }
        if self.count_active(scope).await? >= MOST_ACTIVE as u64 {
            return Err(Error::Limit);
        }
        let replay = Replay {
            scope: scope.clone(),
            name: spec.name,
            description: spec.description,
            archive: archive.arn(),
            archive_id: archive.id,
            destination,
            rules: spec.rules,
            from: spec.from,
            until: spec.until,
            state: ReplayState::Starting,
            reason: None,
            last: None,
            started: self.ground.now(),
            ended: None,
            told: None,
        };
        let mut changes = Changes::new();
        changes.put(&replay, Expect::Absent)?;
        changes.schedule(run::first(&replay));
        audit::note(&mut changes, &self.ground, by, "events:StartReplay", replay.arn())?;
        match self.ground.store.commit(changes).await {
            Err(trainyard_store::Error::Conflict(_)) => Err(Error::ReplayExists(replay.name)),
            done => Ok(done.map(|()| replay)?),
        }
    }

    /// The replay.
    pub async fn describe_replay(&self, scope: &Scope, name: &str) -> Result<Replay, Error> {
        Ok(self.held_replay(scope, name).await?.value)
    }

    /// Ends the replay, before its next page.
    pub async fn cancel_replay(&self, scope: &Scope, by: &Principal, name: &str) -> Result<Replay, Error> {
        loop {
            let Held { version, value: mut replay } = self.held_replay(scope, name).await?;
            if !matches!(replay.state, ReplayState::Starting | ReplayState::Running) {
                return Err(Error::ReplayOver(name.to_owned()));
            }
            replay.state = ReplayState::Cancelling;
            let mut changes = Changes::new();
            changes.put(&replay, Expect::Version(version))?;
            changes.schedule(run::next(&replay));
            audit::note(&mut changes, &self.ground, by, "events:CancelReplay", replay.arn())?;
            match self.ground.store.commit(changes).await {
                // It has told a page meanwhile, of which it has so many.
                Err(trainyard_store::Error::Conflict(_)) => {}
                done => return Ok(done.map(|()| replay)?),
            }
        }
    }

    /// One page of replays.
    pub async fn list_replays(
        &self,
        scope: &Scope,
        filter: &ReplayFilter,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Replay>, Option<String>), Error> {
        filter.check()?;
        let all = List::in_scope(scope).limit(limit).after(after);
        let asked = match filter {
            ReplayFilter { archive: Some(arn), .. } => all.equal("archive", arn),
            ReplayFilter { state: Some(state), .. } => all.equal("state", state),
            ReplayFilter { prefix: Some(prefix), .. } => all.within(Range::prefix(prefix)),
            _ => all,
        };
        let page = self.ground.store.list::<Replay>(asked).await?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }

    /// The replays of an archive that have not ended.
    pub(in crate::bus) async fn active_replays(
        &self,
        scope: &Scope,
        archive: &Arn,
    ) -> Result<Vec<Replay>, Error> {
        let mut active = Vec::new();
        for state in ReplayState::ACTIVE {
            // There are at most so many in all.
            let all = List::in_scope(scope).equal("state", state.name()).limit(2 * MOST_ACTIVE);
            active.extend(
                self.ground.store.list::<Replay>(all).await?.items.into_iter().map(|held| held.value),
            );
        }
        active.retain(|replay| replay.archive == *archive);
        Ok(active)
    }

    /// The archive and the bus of a replay: events go back to where they are from.
    async fn ends(&self, scope: &Scope, spec: &ReplaySpec) -> Result<(Archive, Arn), Error> {
        let (what, no_bus) = ("Destination.Arn", "Must contain an event bus ARN.");
        let destination: Arn = spec.destination.parse().map_err(|_| not_valid(what, no_bus))?;
        let bus = destination.resource_of("event-bus").filter(|_| destination.service == "events");
        let bus = bus.ok_or_else(|| not_valid(what, no_bus))?.to_owned();
        let name = spec.archive.rsplit('/').next().unwrap_or_default();
        let archive = match self.held_archive(scope, name).await {
            Ok(held) if held.value.arn().to_string() == spec.archive => held.value,
            Ok(_) | Err(Error::NoArchive(_)) => {
                return Err(not_valid("EventSourceArn", &format!("Archive {name} does not exist.")));
            }
            Err(error) => return Err(error),
        };
        self.must_have_bus(scope, &bus).await?;
        if destination != archive.source() {
            return Err(not_valid(what, "Cross event bus replay is not permitted."));
        }
        let of_bus = rules_of(&archive);
        if let Some(strange) = spec.rules.iter().find(|rule| !rule.starts_with(&of_bus)) {
            let reason = format!("{strange} is not the ARN of a rule of the event bus {bus}.");
            return Err(not_valid("Destination.FilterArns", &reason));
        }
        Ok((archive, destination))
    }

    async fn count_active(&self, scope: &Scope) -> Result<u64, Error> {
        let mut active = 0;
        for state in ReplayState::ACTIVE {
            let just = Range::prefix(state.name());
            active += self.ground.store.count::<Replay>(&scope.to_string(), "state", just).await?;
        }
        Ok(active)
    }

    async fn held_replay(&self, scope: &Scope, name: &str) -> Result<Held<Replay>, Error> {
        let held = self.ground.store.get(&scope.to_string(), name).await?;
        held.ok_or_else(|| Error::NoReplay(name.to_owned()))
    }
}

/// What the ARNs of the rules of the archive's bus begin with.
fn rules_of(archive: &Archive) -> String {
    crate::bus::rule_arn(&archive.scope, &archive.bus, "").to_string()
}
