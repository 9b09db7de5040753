//! PutEvents: what users tell.

use serde_json::Value;
use trainyard_domain::{
    Arn, Event, Principal, Scope, Timestamp,
    event::{DEFAULT_BUS, Way},
};
use trainyard_store::Changes;

use super::{Bus, Error, access::Teller, buses, tell};
use crate::{ground::uuid_from, violations::Violations};

/// One entry of PutEvents. What is missing is said per entry, so everything may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// When it happened; none means now.
    pub time: Option<Timestamp>,
    /// Who tells.
    pub source: Option<String>,
    /// ARNs of the things concerned.
    pub resources: Vec<String>,
    /// What kind of thing happened.
    pub detail_type: Option<String>,
    /// A JSON object, as text.
    pub detail: Option<String>,
    /// The bus, by name or ARN; none means the default one.
    pub bus: Option<String>,
}

/// Why an entry was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// AWS's code.
    pub code: &'static str,
    /// Why.
    pub message: String,
}

/// How large all entries of one call may be together.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>
const MOST_BYTES: usize = 256 * 1024;
const MOST_ENTRIES: usize = 10;

impl Bus {
    /// Tells events. Those that are taken are matched, and what follows from them is on disk, when it returns; for each
    /// entry, in order, the event's id or why it was not taken. With the same `seed` the events have the same ids, so
    /// that what a repeated call delivers again starts nothing.
    pub async fn put_events(
        &self,
        by: &Principal,
        scope: &Scope,
        entries: Vec<Entry>,
        seed: Option<&str>,
    ) -> Result<Vec<Result<String, Rejected>>, Error> {
        check_sizes(&entries)?;
        let (mut changes, mut all) = (Changes::new(), Vec::new());
        let mut answers = Vec::with_capacity(entries.len());
        for (at, entry) in entries.into_iter().enumerate() {
            let id = match seed {
                Some(seed) => uuid_from(&[seed, &at.to_string()]),
                None => self.ground.uuid(),
            };
            let answer = match self.event((by, scope), id.clone(), entry).await? {
                Ok(event) => {
                    if let Some(event) = event {
                        let mut follows = Changes::new();
                        match self.route(&mut follows, &event).await {
                            Ok(routed) => {
                                changes.merge(follows);
                                all.push(routed);
                            }
                            Err(error) => {
                                tracing::warn!(%error, event = event.id, "an event is matched later");
                                tell(&mut changes, &event)?;
                            }
                        }
                    }
                    Ok(id)
                }
                Err(rejected) => Err(rejected),
            };
            answers.push(answer);
        }
        if !changes.is_empty() {
            self.ground.store.commit(changes).await?;
        }
        all.into_iter().for_each(|routed| self.routed(routed));
        Ok(answers)
    }

    /// The event of an entry. As with AWS, an entry for a bus of the caller's own that does not exist is taken and
    /// goes nowhere.
    async fn event(
        &self,
        (by, scope): (&Principal, &Scope),
        id: String,
        entry: Entry,
    ) -> Result<Result<Option<Event>, Rejected>, Error> {
        let (owner, bus) = match place(scope, entry.bus.as_deref()) {
            Ok(place) => place,
            Err(rejected) => return Ok(Err(rejected)),
        };
        let read = match read(entry) {
            Ok(read) => read,
            Err(rejected) => return Ok(Err(rejected)),
        };
        let policy = self.directory.policy(&self.ground.store, &(owner.clone(), bus.clone())).await?;
        if policy.is_none() && owner.account == by.account {
            tracing::warn!(bus, account = %owner.account, "an event is told on a bus that does not exist");
            return Ok(Ok(None));
        }
        let (source, detail_type) = (read.source.as_str(), read.detail_type.as_str());
        let teller = Teller { by, rule: None, source, detail_type };
        let policy = policy.flatten();
        if let Err(message) = teller.admit(&buses::arn(&owner, &bus), &owner.account, policy.as_deref()) {
            return Ok(Err(Rejected { code: "AccessDeniedException", message }));
        }
        Ok(Ok(Some(read.event(id, (scope, owner, bus), self.ground.now()))))
    }
}

/// Whose bus, and which, is meant by a name or an ARN.
fn place(scope: &Scope, bus: Option<&str>) -> Result<(Scope, String), Rejected> {
    let text = bus.unwrap_or(DEFAULT_BUS);
    if !text.starts_with("arn:") {
        return Ok((scope.clone(), text.to_owned()));
    }
    let wrong = || argument("EventBusName", "Provided Arn is not in correct format.");
    let arn: Arn = text.parse().map_err(|_| wrong())?;
    let name = arn.resource_of("event-bus").filter(|_| arn.service == "events").ok_or_else(wrong)?;
    let owner = arn.scope().ok_or_else(wrong)?;
    if owner.region != scope.region {
        let why = format!("the bus is in {}, and the call is made in {}", owner.region, scope.region);
        return Err(argument("EventBusName", &why));
    }
    Ok((owner, name.to_owned()))
}

struct Read {
    time: Option<Timestamp>,
    source: String,
    resources: Vec<String>,
    detail_type: String,
    detail: Value,
}

impl Read {
    fn event(self, id: String, (scope, owner, bus): (&Scope, Scope, String), now: Timestamp) -> Event {
        Event {
            id,
            scope: scope.clone(),
            bus,
            way: Way {
                owner: (owner != *scope).then_some(owner),
                received: self.time.map(|_| now),
                ..Way::default()
            },
            time: self.time.unwrap_or(now),
            source: self.source,
            detail_type: self.detail_type,
            resources: self.resources,
            detail: self.detail,
        }
    }
}

fn read(entry: Entry) -> Result<Read, Rejected> {
    let source = required("Source", entry.source)?;
    let detail_type = required("DetailType", entry.detail_type)?;
    let detail = required("Detail", entry.detail)?;
    if is_reserved(&source) {
        let message = "Not authorized for the source.".to_owned();
        return Err(Rejected { code: "NotAuthorizedForSourceException", message });
    }
    let detail: Value = serde_json::from_str(&detail).unwrap_or_default();
    if !detail.is_object() {
        return Err(Rejected { code: "MalformedDetail", message: "Detail is malformed.".to_owned() });
    }
    Ok(Read { time: entry.time, source, resources: entry.resources, detail_type, detail })
}

/// Whether only the house itself tells events of this source: whoever could, would start what waits for a push or an
/// approval that never was.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html>
fn is_reserved(source: &str) -> bool {
    let ours = source.strip_prefix("trainyard").is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    ours || source.starts_with("aws.")
}

fn required(member: &str, value: Option<String>) -> Result<String, Rejected> {
    let value = value.filter(|text| !text.is_empty());
    value.ok_or_else(|| argument(member, &format!("{member} is a required argument.")))
}

fn argument(member: &str, why: &str) -> Rejected {
    Rejected { code: "InvalidArgument", message: format!("Parameter {member} is not valid. Reason: {why}") }
}

fn check_sizes(entries: &[Entry]) -> Result<(), Error> {
    if entries.is_empty() || entries.len() > MOST_ENTRIES {
        let bound =
            if entries.is_empty() { "greater than or equal to 1" } else { "less than or equal to 10" };
        let mut wrong = Violations::default();
        let shown: Vec<String> = entries.iter().map(shown).collect();
        wrong.add(&format!("[{}]", shown.join(", ")), "entries", &format!("have length {bound}"));
        wrong.finish().map_err(Error::Invalid)?;
    }
    let total: usize = entries.iter().map(size).sum();
    if total > MOST_BYTES {
        let words = "Total size of the entries in the request is over the limit.";
        return Err(Error::Invalid(words.to_owned()));
    }
    Ok(())
}

/// An entry as AWS shows it in the message that refuses it.
fn shown(entry: &Entry) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "null".to_owned());
    let resources = match entry.resources.as_slice() {
        [] => "null".to_owned(),
        all => format!("[{}]", all.join(", ")),
    };
    format!(
        "PutEventsRequestEntry(time={}, source={}, resources={resources}, detailType={}, detail={}, eventBusName={}, \
         traceHeader=null, kmsKeyIdentifier=null, internalMetadata=null)",
        entry.time.map_or_else(|| "null".to_owned(), Timestamp::to_seconds_string),
        text(&entry.source),
        text(&entry.detail_type),
        text(&entry.detail),
        text(&entry.bus),
    )
}

/// As AWS counts: 14 bytes for a time, and the UTF-8 bytes of all texts.
fn size(entry: &Entry) -> usize {
    let texts = [&entry.source, &entry.detail_type, &entry.detail];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    let resources: usize = entry.resources.iter().map(String::len).sum();
    texts + resources + if entry.time.is_some() { 14 } else { 0 }
}
