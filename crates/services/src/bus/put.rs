//! PutEvents: what users tell.

use std::sync::Arc;

use serde_json::Value;
use trainyard_domain::{
    Arn, Event, Principal, Scope, Timestamp,
    event::{DEFAULT_BUS, Way},
};
use trainyard_store::{Changes, Error as StoreError};

use super::{
    Bus, Error,
    access::Teller,
    buses, detail, once,
    route::{AT_ONCE, Matched},
    tell,
};
use crate::{
    ground::{to_the_end, uuid_from},
    violations::Violations,
};

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

/// How large all entries of one call may be together. AWS has raised this from 256 KiB to 1 MB, and has refused a single
/// entry of a little more than 256 KiB in these same words when that was recorded. Both hold here: an entry is no larger
/// than it always could be, and four such go in one call. Whoever needs an entry larger than that puts what is large
/// into a bucket, and says where.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>
const MOST_BYTES: usize = 1 << 20;
const MOST_ENTRIES: usize = 10;

impl Bus {
    /// Tells events. Those that are taken are matched, and what follows from them is on disk, when it returns; for each
    /// entry, in order, the event's id or why it was not taken. With the same `seed` the events have the same ids, and
    /// none is told twice within 72 hours: a call that is made again after a crash tells what the first did not.
    pub async fn put_events(
        &self,
        by: &Principal,
        scope: &Scope,
        entries: Vec<Entry>,
        seed: Option<&str>,
    ) -> Result<Vec<Result<String, Rejected>>, Error> {
        check_sizes(&entries)?;
        let (mut events, mut answers) = (Vec::new(), Vec::with_capacity(entries.len()));
        for (at, entry) in entries.into_iter().enumerate() {
            let id = match seed {
                Some(seed) => uuid_from(&[seed, &at.to_string()]),
                None => self.ground.uuid(),
            };
            let event = self.event((by, scope), id.clone(), entry).await?;
            answers.push(event.map(|event| {
                events.extend(event.map(Arc::new));
                id
            }));
        }
        match seed {
            None => self.put(Changes::new(), events).await?,
            Some(_) => self.put_once(events).await?,
        }
        Ok(answers)
    }

    /// Tells those events that were not told before by the same call.
    async fn put_once(&self, events: Vec<Arc<Event>>) -> Result<(), Error> {
        loop {
            let untold = once::untold(&self.ground.store, &events).await?;
            if untold.is_empty() {
                return Ok(());
            }
            let mut changes = Changes::new();
            for event in &untold {
                once::know(&mut changes, event, self.ground.now())?;
            }
            match self.put(changes, untold).await {
                // The same call is made twice at this moment: by now it is known what the other has told.
                Err(Error::Store(StoreError::Conflict(_))) => {}
                done => return done,
            }
        }
    }

    /// Commits what follows from the events, with these changes; to its end, also when the caller goes away meanwhile, so
    /// that whoever looks on sees what is on disk. What follows from a large event that many rules wait for is much: that
    /// one is told, and matched later bit by bit.
    async fn put(&self, mut changes: Changes, events: Vec<Arc<Event>>) -> Result<(), Error> {
        let mut all = Vec::with_capacity(events.len());
        for event in events {
            match self.followed(Arc::clone(&event)).await {
                Ok(Some((follows, matched))) if changes.bytes() + follows.bytes() <= AT_ONCE => {
                    changes.merge(follows);
                    all.push(self.route(&mut changes, matched)?);
                }
                Ok(_) => tell(&mut changes, &event)?,
                Err(error) => {
                    tracing::warn!(%error, event = event.id, "an event is matched later");
                    tell(&mut changes, &event)?;
                }
            }
        }
        let room = self.clone();
        to_the_end(async move {
            room.ground.store.commit(changes).await?;
            all.into_iter().for_each(|routed| room.routed(routed));
            Ok(())
        })
        .await
    }

    /// What an event's rules do with it, unless that is too much for one commit.
    async fn followed(&self, event: Arc<Event>) -> Result<Option<(Changes, Matched)>, Error> {
        let matched = self.matched(event).await?;
        let (follows, rest) = matched.follow(&self.ground, 0)?;
        Ok(rest.is_none().then_some((follows, matched)))
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
    if !detail.is_object() || detail::check(&detail).is_err() {
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
    let sizes = || entries.iter().map(size);
    if sizes().any(|size| size > detail::LARGEST) || sizes().sum::<usize>() > MOST_BYTES {
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
