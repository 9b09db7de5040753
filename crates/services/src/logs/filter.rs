//! Asking for the events of a group that fit a pattern.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use trainyard_domain::{Scope, Timestamp};

use super::{
    Error, LogEvent, Logs, StreamName,
    pattern::Pattern,
    query::{Times, checked_limit},
};

/// How many windows of files are looked at for one answer.
const WINDOWS: usize = 64;

/// A question for the events of a group.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The group.
    pub group: String,
    /// Only these streams.
    pub streams: Option<Vec<String>>,
    /// Only streams whose names begin so.
    pub prefix: Option<String>,
    /// Not before this.
    pub start: Option<Timestamp>,
    /// Before this or at it.
    pub end: Option<Timestamp>,
    /// Only events with these terms.
    pub pattern: String,
    /// At most so many: 1 to 10,000.
    pub limit: Option<usize>,
    /// Go on after a page.
    pub token: Option<String>,
}

/// What was found. A page is ordered by time; pages go stream by stream.
#[derive(Clone, Debug)]
pub struct Found {
    /// The streams' names with their events.
    pub events: Vec<(String, LogEvent)>,
    /// For the next page. A page may be empty and another follow.
    pub next: Option<String>,
}

impl Logs {
    /// One page of the events of a group that fit.
    pub async fn filter(&self, scope: &Scope, filter: &Filter) -> Result<Found, Error> {
        self.must_have_group(scope, &filter.group).await?;
        let (limit, pattern) = (checked_limit(filter.limit)?, Pattern::read(&filter.pattern)?);
        // The end is part of the range here, unlike in GetLogEvents.
        let end = filter.end.map(|end| Timestamp(end.millis().saturating_add(1)));
        let times = Times { start: filter.start, end };
        let (mut name, mut at) = match &filter.token {
            Some(token) => read_token(token)?,
            None => (String::new(), 0),
        };
        let mut found = Found { events: Vec::new(), next: None };
        let mut windows = 0;
        while let Some(stream) = self.next_stream(scope, filter, &name, at > 0).await? {
            if stream != name {
                (name, at) = (stream, 0);
            }
            let place =
                StreamName { scope: scope.clone(), group: filter.group.clone(), stream: name.clone() };
            let open = self.stream(&place).await?;
            loop {
                let (events, to) = open.after(at).await.map_err(|error| self.disk(&error))?;
                if to == at {
                    break;
                }
                windows += 1;
                let fits = |event: &LogEvent| times.has(event) && pattern.fits(&event.message);
                for event in events.into_iter().filter(fits) {
                    if found.events.len() == limit {
                        return Ok(found.until(&name, event.at));
                    }
                    found.events.push((name.clone(), event));
                }
                at = to;
                if windows == WINDOWS {
                    return Ok(found.until(&name, at));
                }
            }
            // This stream is done; a name that comes directly after it begins the next search.
            at = 0;
            name.push('\0');
        }
        found.events.sort_by_key(|(_, event)| event.time);
        Ok(found)
    }

    /// The first stream asked for whose name is not before `name` (is `name` itself, when `inside` of it).
    async fn next_stream(
        &self,
        scope: &Scope,
        filter: &Filter,
        name: &str,
        inside: bool,
    ) -> Result<Option<String>, Error> {
        if inside {
            return Ok(Some(name.to_owned()));
        }
        if let Some(streams) = &filter.streams {
            return Ok(streams.iter().filter(|stream| stream.as_str() >= name).min().cloned());
        }
        let prefix = filter.prefix.as_deref().unwrap_or_default();
        self.first_stream(scope, &filter.group, prefix, name).await
    }
}

impl Found {
    fn until(mut self, name: &str, at: u64) -> Self {
        self.events.sort_by_key(|(_, event)| event.time);
        self.next = Some(URL_SAFE_NO_PAD.encode(format!("{at}/{name}")));
        self
    }
}

fn read_token(token: &str) -> Result<(String, u64), Error> {
    let wrong = || Error::Invalid("The specified nextToken is invalid.".to_owned());
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    let (at, name) = text.split_once('/').ok_or_else(wrong)?;
    Ok((name.to_owned(), at.parse().map_err(|_| wrong())?))
}
