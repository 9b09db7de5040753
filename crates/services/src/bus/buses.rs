//! The buses of an account: `default` is always there, others are made.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp, event::DEFAULT_BUS};
use trainyard_store::{Changes, Expect, Keys, List, Noun, Range};

use super::{Bus, Error, error::constraint, rule::Rule};
use crate::audit;

/// A bus that somebody made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventBus {
    /// Where.
    pub scope: Scope,
    /// Its name, unique in the scope.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// When it was made; the default bus has no such moment.
    pub created: Option<Timestamp>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<(String, String)>,
}

impl EventBus {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        arn(&self.scope, &self.name)
    }
}

/// The ARN of the bus of that name.
pub(super) fn arn(scope: &Scope, name: &str) -> Arn {
    Arn::new("events", scope, format!("event-bus/{name}"))
}

impl Noun for EventBus {
    const KIND: &'static str = "event-bus";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

impl Bus {
    /// Makes a bus.
    pub async fn create_bus(&self, by: &Principal, bus: EventBus) -> Result<Arn, Error> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"/.-_".contains(&b);
        let EventBus { scope, name, .. } = &bus;
        if name.is_empty() || name.len() > 256 || !name.bytes().all(legal) {
            return Err(constraint(name, "name", "satisfy regular expression pattern: [/\\.\\-_A-Za-z0-9]+"));
        }
        if name.contains('/') {
            return Err(Error::Invalid(format!("Event bus name {name} must not contain '/'.")));
        }
        if name == DEFAULT_BUS || self.ground.store.get::<EventBus>(&scope.to_string(), name).await?.is_some()
        {
            return Err(Error::BusExists(name.clone()));
        }
        let mut changes = Changes::new();
        changes.put(&EventBus { created: Some(self.ground.now()), ..bus.clone() }, Expect::Absent)?;
        audit::note(&mut changes, &self.ground, by, "events:CreateEventBus", bus.arn())?;
        self.ground.store.commit(changes).await?;
        Ok(bus.arn())
    }

    /// The bus of that name (or ARN; none means the default one).
    pub async fn describe_bus(&self, scope: &Scope, name: Option<&str>) -> Result<EventBus, Error> {
        let name = bus_name(name);
        if name == DEFAULT_BUS {
            return Ok(default_bus(scope));
        }
        let held = self.ground.store.get::<EventBus>(&scope.to_string(), name).await?;
        held.map(|held| held.value).ok_or_else(|| Error::NoBus(name.to_owned()))
    }

    /// One page of the buses whose names begin with `prefix`, the default one first.
    pub async fn list_buses(
        &self,
        scope: &Scope,
        prefix: &str,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<EventBus>, Option<String>), Error> {
        let mut buses = Vec::new();
        if after.is_none() && DEFAULT_BUS.starts_with(prefix) {
            buses.push(default_bus(scope));
        }
        let asked = List::in_scope(scope).within(Range::prefix(prefix)).limit(limit).after(after);
        let page = self.ground.store.list::<EventBus>(asked).await?;
        buses.extend(page.items.into_iter().map(|held| held.value));
        Ok((buses, page.next))
    }

    /// Removes a bus that has no rules. Nothing happens if there is none.
    pub async fn delete_bus(&self, scope: &Scope, by: &Principal, name: &str) -> Result<(), Error> {
        if name == DEFAULT_BUS {
            return Err(Error::Invalid("Cannot delete event bus default.".to_owned()));
        }
        let rules = List::in_scope(scope).equal("bus", name).limit(1);
        if !self.ground.store.list::<Rule>(rules).await?.items.is_empty() {
            return Err(Error::Invalid(format!("Event bus {name} can't be deleted since it has rules.")));
        }
        let mut changes = Changes::new();
        changes.delete::<EventBus>(&scope.to_string(), name, Expect::Any);
        audit::note(&mut changes, &self.ground, by, "events:DeleteEventBus", arn(scope, name))?;
        Ok(self.ground.store.commit(changes).await?)
    }
}

/// The name, where a name or an ARN may stand.
pub(super) fn bus_name(name_or_arn: Option<&str>) -> &str {
    let text = name_or_arn.unwrap_or(DEFAULT_BUS);
    if text.starts_with("arn:") { text.split_once("event-bus/").map_or(text, |(_, name)| name) } else { text }
}

fn default_bus(scope: &Scope) -> EventBus {
    EventBus {
        scope: scope.clone(),
        name: DEFAULT_BUS.to_owned(),
        description: None,
        created: None,
        tags: Vec::new(),
    }
}
