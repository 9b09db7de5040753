//! The buses of an account: `default` is always there, others are made.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp, event::DEFAULT_BUS};
use trainyard_store::{Changes, Expect, Held, Keys, List, Noun, Range};

use super::{Bus, Error, recent, rule::Rule};
use crate::{audit, violations::Violations};

/// An account has at most so many buses.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
const MOST_BUSES: usize = 100;

/// A bus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventBus {
    /// Where.
    pub scope: Scope,
    /// Its name, unique in the scope.
    pub name: String,
    /// What its maker says of it.
    #[serde(flatten)]
    pub settings: BusSettings,
    /// Who may do what with it, as JSON text.
    #[serde(default)]
    pub policy: Option<String>,
    /// When it was made; the default bus: when it was first looked at.
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default)]
    pub modified: Option<Timestamp>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<(String, String)>,
}

/// What a bus's maker says of it. Keys, dead letters and logging are kept and shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BusSettings {
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// The key that AWS would encrypt its events with.
    #[serde(default)]
    pub key: Option<String>,
    /// The queue for events that cannot be decrypted.
    #[serde(default)]
    pub dead_letters: Option<String>,
    /// What is logged of it.
    #[serde(default)]
    pub log: Option<LogSettings>,
}

/// What is logged of a bus.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_LogConfig.html>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSettings {
    /// `NONE` or `FULL`.
    pub detail: Option<String>,
    /// `OFF`, `ERROR`, `INFO` or `TRACE`.
    pub level: Option<String>,
}

impl EventBus {
    /// A bus of that name with nothing said of it.
    pub fn new(scope: &Scope, name: &str) -> Self {
        Self {
            scope: scope.clone(),
            name: name.to_owned(),
            settings: BusSettings::default(),
            policy: None,
            created: None,
            modified: None,
            tags: Vec::new(),
        }
    }

    /// Its ARN.
    pub fn arn(&self) -> Arn {
        arn(&self.scope, &self.name)
    }
}

impl BusSettings {
    /// Checks all that can be said without knowing what else there is.
    pub fn check(&self) -> Result<(), Error> {
        let mut wrong = Violations::default();
        self.violations(&mut wrong);
        wrong.finish().map_err(Error::Invalid)
    }

    fn violations(&self, wrong: &mut Violations) {
        wrong.optional(self.description.as_deref(), "description", 0, 512);
        if let Some(key) = &self.key {
            let legal = |b: u8| b.is_ascii_alphanumeric() || b"_-/:".contains(&b);
            wrong.pattern(key.bytes().all(legal), (key, "kmsKeyIdentifier"), "^[a-zA-Z0-9_\\-/:]*$");
            wrong.length((key, "kmsKeyIdentifier"), 0, 2048);
        }
        if let Some(queue) = &self.dead_letters {
            let is_queue =
                queue.parse::<Arn>().is_ok_and(|arn| arn.service == "sqs" && arn.scope().is_some());
            let pattern = "arn:aws[a-z-]*:sqs:[a-z0-9\\-]+:\\d{12}:[a-zA-Z0-9\\-_]+(\\.fifo)?";
            wrong.pattern(is_queue, (queue, "deadLetterConfig.arn"), pattern);
        }
        if let Some(log) = &self.log {
            if let Some(detail) = &log.detail {
                wrong.one_of(detail, "logConfig.includeDetail", &["NONE", "FULL"]);
            }
            if let Some(level) = &log.level {
                wrong.one_of(level, "logConfig.level", &["OFF", "ERROR", "INFO", "TRACE"]);
            }
        }
    }

    /// These with what is given put in its place; what is given and says nothing takes away.
    fn changed(self, given: Self) -> Self {
        let text = |old: Option<String>, new: Option<String>| match new {
            Some(new) => Some(new).filter(|text| !text.is_empty()),
            None => old,
        };
        Self {
            description: text(self.description, given.description),
            key: text(self.key, given.key),
            dead_letters: text(self.dead_letters, given.dead_letters),
            log: given.log.or(self.log).filter(|log| *log != LogSettings::default()),
        }
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
        check_new(&bus)?;
        let EventBus { scope, name, .. } = &bus;
        if name == DEFAULT_BUS || self.ground.store.get::<EventBus>(&scope.to_string(), name).await?.is_some()
        {
            return Err(Error::BusExists(name.clone()));
        }
        let others = List::in_scope(scope).limit(MOST_BUSES + 1);
        let others = self.ground.store.list::<EventBus>(others).await?.items;
        if others.iter().filter(|held| held.value.name != DEFAULT_BUS).count() >= MOST_BUSES {
            return Err(Error::Limit);
        }
        let now = Some(self.ground.now());
        let bus = EventBus { created: now, modified: now, ..bus };
        self.save_bus(&bus, Expect::Absent, (by, "events:CreateEventBus")).await?;
        Ok(bus.arn())
    }

    /// The bus of that name (or ARN; none means the default one).
    pub async fn describe_bus(&self, scope: &Scope, name: Option<&str>) -> Result<EventBus, Error> {
        Ok(self.held_bus(scope, own_bus(scope, name)?).await?.value)
    }

    /// Changes what is said of the bus: what is not given stays, and an empty text takes away.
    pub async fn update_bus(
        &self,
        scope: &Scope,
        by: &Principal,
        name: Option<&str>,
        settings: BusSettings,
    ) -> Result<EventBus, Error> {
        let given = BusSettings {
            dead_letters: settings.dead_letters.clone().filter(|text| !text.is_empty()),
            ..settings.clone()
        };
        given.check()?;
        self.change_bus(scope, name, (by, "events:UpdateEventBus"), |bus| {
            bus.settings = std::mem::take(&mut bus.settings).changed(settings);
            Ok(())
        })
        .await
    }

    /// One page of the buses whose names begin with `prefix`.
    pub async fn list_buses(
        &self,
        scope: &Scope,
        prefix: &str,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<EventBus>, Option<String>), Error> {
        self.held_bus(scope, DEFAULT_BUS).await?;
        let asked = List::in_scope(scope).within(Range::prefix(prefix)).limit(limit).after(after);
        let page = self.ground.store.list::<EventBus>(asked).await?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }

    /// Removes a bus that has no rules, with what is remembered of it. Nothing happens if there is none.
    pub async fn delete_bus(&self, scope: &Scope, by: &Principal, name: &str) -> Result<(), Error> {
        let name = own_bus(scope, Some(name))?;
        if name == DEFAULT_BUS {
            return Err(Error::Invalid("Cannot delete event bus default.".to_owned()));
        }
        let rules = List::in_scope(scope).equal("bus", name).limit(1);
        if !self.ground.store.list::<Rule>(rules).await?.items.is_empty() {
            return Err(Error::Invalid(format!("Event bus {name} can't be deleted since it has rules.")));
        }
        let mut changes = Changes::new();
        changes.delete::<EventBus>(&scope.to_string(), name, Expect::Any);
        recent::forget_all(&mut changes, &recent::place(scope, name));
        audit::note(&mut changes, &self.ground, by, "events:DeleteEventBus", arn(scope, name))?;
        Ok(self.commit_bus(changes, scope, name).await?)
    }

    /// The bus; the default one comes into being when it is first looked at.
    pub(super) async fn held_bus(&self, scope: &Scope, name: &str) -> Result<Held<EventBus>, Error> {
        let key = scope.to_string();
        if let Some(held) = self.ground.store.get(&key, name).await? {
            return Ok(held);
        }
        if name != DEFAULT_BUS {
            return Err(Error::NoBus(name.to_owned()));
        }
        let now = Some(self.ground.now());
        let mut changes = Changes::new();
        let bus = EventBus { created: now, modified: now, ..EventBus::new(scope, name) };
        changes.put(&bus, Expect::Absent)?;
        match self.ground.store.commit(changes).await {
            Ok(()) | Err(trainyard_store::Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
        self.ground.store.get(&key, name).await?.ok_or_else(|| Error::NoBus(name.to_owned()))
    }

    /// Changes the bus, and the moment of its last change.
    pub(super) async fn change_bus(
        &self,
        scope: &Scope,
        name: Option<&str>,
        act: (&Principal, &str),
        change: impl FnOnce(&mut EventBus) -> Result<(), Error>,
    ) -> Result<EventBus, Error> {
        let Held { version, value: mut bus } = self.held_bus(scope, own_bus(scope, name)?).await?;
        change(&mut bus)?;
        bus.modified = Some(self.ground.now());
        self.save_bus(&bus, Expect::Version(version), act).await?;
        Ok(bus)
    }

    async fn save_bus(
        &self,
        bus: &EventBus,
        expect: Expect,
        (by, action): (&Principal, &str),
    ) -> Result<(), Error> {
        let mut changes = Changes::new();
        changes.put(bus, expect)?;
        audit::note(&mut changes, &self.ground, by, action, bus.arn())?;
        let done = self.commit_bus(changes, &bus.scope, &bus.name).await;
        done.map_err(|error| match error {
            trainyard_store::Error::Conflict(_) => Error::ConcurrentBus(bus.name.clone()),
            error => error.into(),
        })
    }

    /// Commits a change of the bus, to its end also when the caller goes away meanwhile: the directory must hear of
    /// what is committed, and after it, or a policy that was taken back would still let others in.
    async fn commit_bus(
        &self,
        changes: Changes,
        scope: &Scope,
        name: &str,
    ) -> Result<(), trainyard_store::Error> {
        let (room, scope, name) = (self.clone(), scope.clone(), name.to_owned());
        let done = tokio::spawn(async move {
            let done = room.ground.store.commit(changes).await;
            // Also when it failed: it costs one more reading.
            room.directory.changed(&scope, &name);
            done
        });
        done.await.unwrap_or_else(|broken| Err(trainyard_store::Error::Internal(broken.to_string())))
    }
}

fn check_new(bus: &EventBus) -> Result<(), Error> {
    let name = &bus.name;
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"/.-_".contains(&b);
    let mut wrong = Violations::default();
    wrong.pattern(!name.is_empty() && name.bytes().all(legal), (name, "name"), "[/\\.\\-_A-Za-z0-9]+");
    wrong.length((name, "name"), 1, 256);
    bus.settings.violations(&mut wrong);
    super::tags::violations(&bus.tags, &mut wrong);
    wrong.finish().map_err(Error::Invalid)?;
    if name.contains('/') {
        return Err(Error::Invalid(format!("Event bus name {name} must not contain '/'.")));
    }
    Ok(())
}

/// The name of a bus of this scope, where a name or an ARN may stand. Whose bus is another's is not ours to manage.
pub(super) fn own_bus<'n>(scope: &Scope, name_or_arn: Option<&'n str>) -> Result<&'n str, Error> {
    let text = name_or_arn.unwrap_or(DEFAULT_BUS);
    if !text.starts_with("arn:") {
        return Ok(text);
    }
    let wrong = || Error::not_an_arn(text);
    let name = text.split_once(":event-bus/").map(|(_, name)| name).ok_or_else(wrong)?;
    let arn: Arn = text.parse().map_err(|_| wrong())?;
    match arn.scope().ok_or_else(wrong)? {
        of if of == *scope => Ok(name),
        of if of.account == scope.account => Err(Error::NoBus(name.to_owned())),
        _ => Err(Error::Denied(format!(
            "Account {} is not authorized to manage {text} or its rules: what a bus's policy can give here is events:PutEvents.",
            scope.account
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_kept_of_a_bus_before_is_read() {
        let scope = Scope::default_scope();
        let kept =
            json!({"scope": scope, "name": "team", "description": "d", "created": 1, "tags": [["k", "v"]]});
        let bus: EventBus = serde_json::from_value(kept).unwrap();
        assert_eq!((bus.settings.description.as_deref(), bus.policy, bus.modified), (Some("d"), None, None));
    }

    #[test]
    fn a_bus_is_named_or_given_by_its_arn() {
        let scope = Scope::default_scope();
        let check = |text: Option<&str>, expect: Option<&str>| {
            assert_eq!(own_bus(&scope, text).ok(), expect, "{text:?}");
        };
        check(None, Some("default"));
        check(Some("team"), Some("team"));
        check(Some("arn:aws:events:us-east-1:000000000000:event-bus/team"), Some("team"));
        check(Some("arn:aws:events:us-east-1:111111111111:event-bus/team"), None);
        check(Some("arn:aws:events:eu-west-1:000000000000:event-bus/team"), None);
        check(Some("arn:aws:events:us-east-1:000000000000:rule/team"), None);
        check(Some("arn:"), None);
    }

    #[test]
    fn what_is_not_given_stays_and_an_empty_text_takes_away() {
        let text = |text: &str| Some(text.to_owned());
        let old = BusSettings { description: text("d"), key: text("k"), ..BusSettings::default() };
        let given = BusSettings { key: text(""), dead_letters: text("q"), ..BusSettings::default() };
        let new = old.changed(given);
        assert_eq!((new.description, new.key, new.dead_letters), (text("d"), None, text("q")));
    }
}
