//! The verbs of people: a hook is made, listed, given another secret, removed.

use std::time::Duration;

use trainyard_domain::{Principal, Scope, event::DEFAULT_BUS};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, List, Range};

use super::{
    Error, Hooks, WebHook,
    noun::{AT, Delivery, OWNER, SHORTEST_MEMORY, Secrets},
};
use crate::audit;

/// A secret that another takes the place of may be good for so long.
const LONGEST_GRACE: Duration = Duration::from_secs(7 * 24 * 3600);

impl Hooks {
    /// Makes a hook, and says its secret: nobody says it again.
    pub async fn create(
        &self,
        scope: &Scope,
        by: &Principal,
        (name, kind): (&str, &str),
        bus: Option<&str>,
    ) -> Result<(WebHook, String), Error> {
        check_name(name)?;
        let secret = self.kind(kind)?.secret(&random()?);
        let bus = self.bus.describe_bus(scope, Some(bus.unwrap_or(DEFAULT_BUS))).await?.name;
        let now = self.ground.now();
        let hook = WebHook {
            scope: scope.clone(),
            name: name.to_owned(),
            id: self.ground.uuid(),
            kind: kind.to_owned(),
            bus,
            created: now,
            rotated: now,
        };
        let secrets = Secrets { name: name.to_owned(), secret: secret.clone(), before: None };
        let mut changes = Changes::new();
        changes.put(&hook, Expect::Absent)?.put(&secrets, Expect::Any)?;
        audit::note(&mut changes, &self.ground, by, "trainyard:CreateHook", hook.arn())?;
        match self.ground.store.commit(changes).await {
            Err(StoreError::Conflict(_)) => Err(Error::Exists(name.to_owned())),
            other => Ok(other.map(|()| (hook, secret))?),
        }
    }

    /// What the other side must be told beside URL and secret.
    pub fn advice(&self, hook: &WebHook) -> &'static str {
        self.kind(&hook.kind).map_or("", |kind| kind.advice())
    }

    /// One page of the scope's hooks.
    pub async fn list(
        &self,
        scope: &Scope,
        after: Option<String>,
    ) -> Result<(Vec<WebHook>, Option<String>), Error> {
        let mine = Range::prefix(&format!("{scope}/"));
        let page = self.ground.store.list(List::in_scope("").by(OWNER).within(mine).after(after)).await?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }

    /// Gives the hook another secret and says it. The one before is good for `grace` yet.
    pub async fn rotate(
        &self,
        scope: &Scope,
        by: &Principal,
        name: &str,
        grace: Duration,
    ) -> Result<(WebHook, String), Error> {
        if grace > LONGEST_GRACE {
            let most = LONGEST_GRACE.as_secs();
            return Err(Error::Invalid(format!("the old secret can be good for {most} seconds at most")));
        }
        let Held { version, value: mut hook } = self.own(scope, name).await?;
        let secret = self.kind(&hook.kind)?.secret(&random()?);
        let old = self.ground.store.get::<Secrets>("", name).await?;
        hook.rotated = self.ground.now();
        let until = hook.rotated.plus(grace);
        let before = old.map(|held| (held.value.secret, until)).filter(|_| !grace.is_zero());
        let secrets = Secrets { name: name.to_owned(), secret: secret.clone(), before };
        let mut changes = Changes::new();
        changes.put(&hook, Expect::Version(version))?.put(&secrets, Expect::Any)?;
        audit::note(&mut changes, &self.ground, by, "trainyard:RotateHook", hook.arn())?;
        match self.ground.store.commit(changes).await {
            Err(StoreError::Conflict(_)) => Err(Error::Concurrent(name.to_owned())),
            other => Ok(other.map(|()| (hook, secret))?),
        }
    }

    /// Removes the hook and its secret: calls of it are refused from now on.
    pub async fn delete(&self, scope: &Scope, by: &Principal, name: &str) -> Result<(), Error> {
        let Held { version, value: hook } = self.own(scope, name).await?;
        let mut changes = Changes::new();
        changes.delete::<WebHook>("", name, Expect::Version(version));
        changes.delete::<Secrets>("", name, Expect::Any);
        audit::note(&mut changes, &self.ground, by, "trainyard:DeleteHook", hook.arn())?;
        match self.ground.store.commit(changes).await {
            Err(StoreError::Conflict(_)) => Err(Error::Concurrent(name.to_owned())),
            other => Ok(other?),
        }
    }

    /// Lets go of deliveries that need not be remembered any more; how many there were.
    pub async fn prune(&self) -> Result<usize, Error> {
        let memory = i64::try_from(SHORTEST_MEMORY.as_millis()).unwrap_or(i64::MAX);
        let oldest = self.ground.now().millis().saturating_sub(memory);
        let mut pruned = 0;
        loop {
            let old = List::everywhere().by(AT).within(Range::numbers(None, Some(oldest))).limit(1000);
            let items = self.ground.store.list::<Delivery>(old).await?.items;
            if items.is_empty() {
                return Ok(pruned);
            }
            pruned += items.len();
            let mut changes = Changes::new();
            for Held { version, value } in items {
                changes.delete::<Delivery>(&value.hook, &value.delivery, Expect::Version(version));
            }
            self.ground.store.commit(changes).await?;
        }
    }

    /// The hook of that name, if it is the scope's.
    async fn own(&self, scope: &Scope, name: &str) -> Result<Held<WebHook>, Error> {
        let held = self.ground.store.get::<WebHook>("", name).await?;
        held.filter(|held| held.value.scope == *scope).ok_or_else(|| Error::NoHook(name.to_owned()))
    }
}

/// A name is a piece of a URL and of an event's source.
fn check_name(name: &str) -> Result<(), Error> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let begins = name.bytes().next().is_some_and(|b| b != b'-');
    if begins && name.len() <= 64 && name.bytes().all(legal) {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "`{}` cannot be a hook's name: use 1 to 64 lowercase letters, digits and `-`",
        name.escape_debug()
    )))
}

fn random() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Internal(format!("the system gives no randomness: {error}")))?;
    Ok(bytes)
}
