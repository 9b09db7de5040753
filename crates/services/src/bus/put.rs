//! PutEvents: what users tell.

use serde_json::Value;
use trainyard_domain::{Event, Scope, Timestamp, event::Way};
use trainyard_store::Changes;

use super::{Bus, Error, buses::bus_name, tell};
use crate::ground::uuid_from;

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
    /// Tells events. Those that are taken are on disk when it returns; for each entry, in order, the event's id or
    /// why it was not taken. With the same `seed` the events have the same ids, so that what a repeated call
    /// delivers again starts nothing.
    pub async fn put_events(
        &self,
        scope: &Scope,
        entries: Vec<Entry>,
        seed: Option<&str>,
    ) -> Result<Vec<Result<String, Rejected>>, Error> {
        check_sizes(&entries)?;
        let mut changes = Changes::new();
        let mut answers = Vec::with_capacity(entries.len());
        for (at, entry) in entries.into_iter().enumerate() {
            let id = match seed {
                Some(seed) => uuid_from(&[seed, &at.to_string()]),
                None => self.ground.uuid(),
            };
            let answer = match self.event(scope, id, entry).await? {
                Ok(event) => {
                    tell(&mut changes, &event)?;
                    Ok(event.id)
                }
                Err(rejected) => Err(rejected),
            };
            answers.push(answer);
        }
        if !changes.is_empty() {
            self.ground.store.commit(changes).await?;
        }
        Ok(answers)
    }

    async fn event(&self, scope: &Scope, id: String, entry: Entry) -> Result<Result<Event, Rejected>, Error> {
        let bus = bus_name(entry.bus.as_deref()).to_owned();
        match self.must_have_bus(scope, &bus).await {
            Ok(()) => {}
            Err(Error::NoBus(bus)) => {
                let why = format!("Event bus {bus} does not exist.");
                return Ok(Err(argument("EventBusName", &why)));
            }
            Err(error) => return Err(error),
        }
        let read = read(entry).map(|read| Event {
            id,
            scope: scope.clone(),
            bus,
            time: read.time.unwrap_or_else(|| self.ground.now()),
            source: read.source,
            detail_type: read.detail_type,
            way: Way::default(),
            resources: read.resources,
            detail: read.detail,
        });
        Ok(read)
    }
}

struct Read {
    time: Option<Timestamp>,
    source: String,
    resources: Vec<String>,
    detail_type: String,
    detail: Value,
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
        return Err(Error::Invalid(format!(
            "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length {bound}"
        )));
    }
    let total: usize = entries.iter().map(size).sum();
    if total > MOST_BYTES {
        let words = "Total size of the entries in the request is over the limit.";
        return Err(Error::Invalid(words.to_owned()));
    }
    Ok(())
}

/// As AWS counts: 14 bytes for a time, and the UTF-8 bytes of all texts.
fn size(entry: &Entry) -> usize {
    let texts = [&entry.source, &entry.detail_type, &entry.detail];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    let resources: usize = entry.resources.iter().map(String::len).sum();
    texts + resources + if entry.time.is_some() { 14 } else { 0 }
}
