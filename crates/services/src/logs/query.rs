//! Asking for groups, streams and the events of one stream.

use trainyard_domain::{Scope, Timestamp};
use trainyard_store::{Held, List, Page, Range};

use super::{Error, LogEvent, LogGroup, LogStream, Logs, StreamName, nouns::id, open::OpenStream};

/// How many windows of a file are looked at for one answer, where few events fit the times asked for.
const WINDOWS: usize = 64;

/// A question for the events of one stream.
#[derive(Clone, Debug, Default)]
pub struct EventsQuery {
    /// Not before this.
    pub start: Option<Timestamp>,
    /// Before this.
    pub end: Option<Timestamp>,
    /// At most so many: 1 to 10,000.
    pub limit: Option<usize>,
    /// Go on where a page ended: one of its tokens.
    pub token: Option<String>,
    /// Begin with the oldest. Counts only without a token.
    pub from_head: bool,
}

/// Some events, in the order printed.
#[derive(Clone, Debug)]
pub struct EventsPage {
    /// The events.
    pub events: Vec<LogEvent>,
    /// For what comes after. The same again at the end of the stream.
    pub forward: String,
    /// For what comes before. The same again at its beginning.
    pub backward: String,
}

/// How streams are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By name.
    #[default]
    Name,
    /// By when they were made, which is when their first event came.
    Time,
}

/// A question for the streams of a group.
#[derive(Clone, Debug, Default)]
pub struct StreamsQuery {
    /// The group.
    pub group: String,
    /// What their names begin with. Only when ordered by name.
    pub prefix: String,
    /// In which order.
    pub order: Order,
    /// From the last to the first.
    pub descending: bool,
    /// At most so many.
    pub limit: usize,
    /// Go on after a page.
    pub after: Option<String>,
}

impl Logs {
    /// The groups whose names begin with `prefix`.
    pub async fn groups(
        &self,
        scope: &Scope,
        prefix: &str,
        limit: usize,
        after: Option<String>,
    ) -> Result<Page<LogGroup>, Error> {
        let list = List::in_scope(scope).within(Range::prefix(prefix)).limit(limit).after(after);
        Ok(self.ground.store.list(list).await?)
    }

    /// The streams of a group.
    pub async fn streams(&self, scope: &Scope, query: StreamsQuery) -> Result<Page<LogStream>, Error> {
        self.must_have_group(scope, &query.group).await?;
        let list = List::in_scope(scope).limit(query.limit).after(query.after).descending(query.descending);
        let list = match query.order {
            Order::Name => list.within(Range::prefix(&id(&query.group, &query.prefix))),
            Order::Time => list.by("made").within(Range::prefix(&id(&query.group, ""))),
        };
        Ok(self.ground.store.list(list).await?)
    }

    /// The name of the first stream with the prefix whose name is not before `from`.
    pub(super) async fn first_stream(
        &self,
        scope: &Scope,
        group: &str,
        prefix: &str,
        from: &str,
    ) -> Result<Option<String>, Error> {
        let mut range = Range::prefix(&id(group, prefix));
        range.from = range.from.max(Some(id(group, from)));
        let list = List::in_scope(scope).within(range).limit(1);
        let page = self.ground.store.list::<LogStream>(list).await?;
        Ok(page.items.into_iter().next().map(|held| held.value.name))
    }

    /// The first and the last event of a stream, if it has any.
    pub async fn ends(&self, name: &StreamName) -> Result<Option<(LogEvent, LogEvent)>, Error> {
        let stream = self.stream(name).await?;
        let first = forward(&stream, 0, &Times::default(), 1).await;
        let last = backward(&stream, stream.length(), &Times::default(), 1).await;
        let (first, last) = (first.map_err(|e| self.disk(&e))?, last.map_err(|e| self.disk(&e))?);
        Ok(first.events.into_iter().next().zip(last.events.into_iter().next()))
    }

    /// One page of a stream's events.
    pub async fn events(&self, name: &StreamName, query: &EventsQuery) -> Result<EventsPage, Error> {
        self.must_have_group(&name.scope, &name.group).await?;
        let scope = name.scope.to_string();
        if self.ground.store.get::<LogStream>(&scope, &id(&name.group, &name.stream)).await?.is_none() {
            return Err(Error::NoStream);
        }
        let limit = checked_limit(query.limit)?;
        let times = Times { start: query.start, end: query.end };
        let stream = self.stream(name).await?;
        let (onward, at) = match &query.token {
            Some(token) => self.read_token(&stream, token).await?,
            None if query.from_head => (true, 0),
            None => (false, stream.length()),
        };
        let walked = match onward {
            true => forward(&stream, at, &times, limit).await,
            false => backward(&stream, at, &times, limit).await,
        };
        let Walked { events, from, to } = walked.map_err(|error| self.disk(&error))?;
        Ok(EventsPage { events, forward: format!("f/{to:056}/s"), backward: format!("b/{from:056}/s") })
    }

    async fn read_token(&self, stream: &OpenStream, token: &str) -> Result<(bool, u64), Error> {
        let wrong = || Error::Invalid("The specified nextToken is invalid.".to_owned());
        let (onward, rest) = match token.split_at_checked(2) {
            Some(("f/", rest)) => (true, rest),
            Some(("b/", rest)) => (false, rest),
            _ => return Err(wrong()),
        };
        let at = rest.strip_suffix("/s").and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
        match stream.is_line_start(at).await.map_err(|error| self.disk(&error))? {
            true => Ok((onward, at)),
            false => Err(wrong()),
        }
    }

    /// The group of that name.
    pub async fn group(&self, scope: &Scope, name: &str) -> Result<LogGroup, Error> {
        Ok(self.held_group(scope, name).await?.value)
    }

    pub(super) async fn held_group(&self, scope: &Scope, name: &str) -> Result<Held<LogGroup>, Error> {
        let held = self.ground.store.get(&scope.to_string(), name).await?;
        held.ok_or(Error::NoGroup)
    }

    pub(super) async fn must_have_group(&self, scope: &Scope, group: &str) -> Result<(), Error> {
        self.group(scope, group).await.map(drop)
    }

    pub(super) fn disk(&self, error: &std::io::Error) -> Error {
        Error::disk(&self.folder, error)
    }
}

/// Which times are asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    pub(super) start: Option<Timestamp>,
    pub(super) end: Option<Timestamp>,
}

impl Times {
    pub(super) fn has(&self, event: &LogEvent) -> bool {
        self.start.is_none_or(|start| event.time >= start) && self.end.is_none_or(|end| event.time < end)
    }
}

/// What a walk through a file found, and which part of the file it covers.
struct Walked {
    events: Vec<LogEvent>,
    from: u64,
    to: u64,
}

async fn forward(stream: &OpenStream, at: u64, times: &Times, limit: usize) -> std::io::Result<Walked> {
    let mut walked = Walked { events: Vec::new(), from: at, to: at };
    for _ in 0..WINDOWS {
        let (events, end) = stream.after(walked.to).await?;
        if end == walked.to {
            break;
        }
        walked.to = end;
        walked.events = events.into_iter().filter(|event| times.has(event)).collect();
        if walked.events.len() > limit {
            walked.events.truncate(limit);
        }
        if let Some(last) = walked.events.last() {
            walked.to = if walked.events.len() == limit { last.next } else { end };
            walked.from = walked.events[0].at;
            break;
        }
    }
    Ok(walked)
}

async fn backward(stream: &OpenStream, at: u64, times: &Times, limit: usize) -> std::io::Result<Walked> {
    let mut walked = Walked { events: Vec::new(), from: at, to: at };
    for _ in 0..WINDOWS {
        let (events, start) = stream.before(walked.from).await?;
        if start == walked.from {
            break;
        }
        walked.from = start;
        walked.events = events.into_iter().filter(|event| times.has(event)).collect();
        let surplus = walked.events.len().saturating_sub(limit);
        walked.events.drain(..surplus);
        if let Some(last) = walked.events.last() {
            walked.to = last.next;
            walked.from = if surplus > 0 { walked.events[0].at } else { start };
            break;
        }
    }
    Ok(walked)
}

pub(super) fn checked_limit(limit: Option<usize>) -> Result<usize, Error> {
    match limit.unwrap_or(10_000) {
        limit @ 1..=10_000 => Ok(limit),
        limit => Err(Error::Invalid(format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must \
             have value from 1 to 10000"
        ))),
    }
}
