//! Names, ARNs and URLs of queues. Pure.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope};

use super::Error;

/// What the names of FIFO queues end with.
pub(super) const FIFO: &str = ".fifo";

/// Which queue: its scope and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct QueueName {
    /// Where.
    pub scope: Scope,
    /// Its name, unique in the scope.
    pub name: String,
}

impl QueueName {
    /// The queue that a URL means: `<anything>/<account>/<name>`, in the region of the call. Whose host it names does not
    /// count, since clients reach this server under several.
    pub fn of_url(url: &str, caller: &Scope) -> Result<Self, Error> {
        let path = url.split_once("://").map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, p)| p));
        let path = path.trim_matches('/');
        let mut parts = path.rsplit('/');
        let name = parts.next().unwrap_or_default();
        let account = parts.next().and_then(|account| account.parse().ok());
        match account {
            Some(account) if check(name).is_ok() => {
                let scope = Scope { account, region: caller.region.clone() };
                Ok(Self { scope, name: name.to_owned() })
            }
            // SQS takes the bare name of a queue of the caller's own.
            None if path == name && !url.contains("://") && check(name).is_ok() => {
                Ok(Self { scope: caller.clone(), name: name.to_owned() })
            }
            _ => Err(Error::NoQueue),
        }
    }

    /// The queue that an ARN means.
    pub fn of_arn(arn: &Arn) -> Option<Self> {
        if arn.service != "sqs" || check(&arn.resource).is_err() {
            return None;
        }
        Some(Self { scope: arn.scope()?, name: arn.resource.clone() })
    }

    /// The queue's ARN.
    pub fn arn(&self) -> Arn {
        Arn::new("sqs", &self.scope, self.name.clone())
    }

    /// The queue's URL, where the server is reached at `base`.
    pub fn url(&self, base: &str) -> String {
        format!("{base}/{}/{}", self.scope.account, self.name)
    }

    /// Refuses what cannot be a queue's name.
    pub fn check(&self) -> Result<(), Error> {
        check(&self.name)
    }

    /// Whether the name says that the queue keeps order.
    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(FIFO)
    }
}

/// Refuses what cannot be a queue's name.
pub(super) fn check(name: &str) -> Result<(), Error> {
    let stem = name.strip_suffix(FIFO).unwrap_or(name);
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    if stem.is_empty() || name.len() > 80 || !stem.bytes().all(legal) {
        return Err(Error::Invalid(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length".to_owned(),
        ));
    }
    Ok(())
}

/// Refuses a batch whose entries, by their ids, cannot be one; `kind` is what AWS calls an entry.
pub fn check_batch<'a>(ids: impl IntoIterator<Item = &'a str>, kind: &'static str) -> Result<(), Error> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let ids: Vec<&str> = ids.into_iter().collect();
    if ids.is_empty() {
        return Err(Error::EmptyBatch(kind));
    }
    if ids.len() > 10 {
        return Err(Error::LongBatch(ids.len()));
    }
    for (at, id) in ids.iter().enumerate() {
        if id.is_empty() || id.len() > 80 || !id.bytes().all(legal) {
            return Err(Error::EntryId);
        }
        if ids[..at].contains(id) {
            return Err(Error::SameIds((*id).to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_queues() {
        let scope = Scope::default_scope();
        let check = |url: &str, expect: Option<(&str, &str)>| {
            let found = QueueName::of_url(url, &scope).ok();
            let found = found.as_ref().map(|name| (name.scope.account.as_str(), name.name.as_str()));
            assert_eq!(found, expect, "{url}");
        };
        check("http://localhost:4566/000000000001/jobs", Some(("000000000001", "jobs")));
        check(
            "https://sqs.us-east-1.amazonaws.com/000000000001/jobs.fifo",
            Some(("000000000001", "jobs.fifo")),
        );
        check("http://localhost:4566/queue/us-east-1/000000000001/jobs/", Some(("000000000001", "jobs")));
        check("/000000000001/jobs", Some(("000000000001", "jobs")));
        check("jobs", Some(("000000000000", "jobs")));
        for none in ["http://jobs", "http://localhost/jobs", "http://a/1/jobs", "", "a b", "/x/jobs"] {
            check(none, None);
        }
    }

    #[test]
    fn names() {
        for good in ["a", "A-b_9", "x.fifo"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", ".fifo", "a.b", "a.fifo.fifo", "a b", "ü", &"a".repeat(81)] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
