//! Who did what when: an append-only record, written in the same commit as the act that it speaks of.
//!
//! It never decides and is never read by another room: it is there for people. Each act is a document of its own,
//! named by its time, so that two acts at once never stand in each other's way.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use trainyard_domain::{AccountId, Arn, Principal, Timestamp};
use trainyard_store::{Changes, Error, Expect, Held, Keys, List, Noun, Page, Range, Store};

use crate::ground::Ground;

/// One act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// Ordered by time; unique.
    pub id: String,
    /// The account that it happened in.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Arn,
    /// What, in IAM's words: `states:StartExecution`.
    pub action: String,
    /// To which thing; an ARN where it has one.
    pub resource: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// It was done, in the commit that this record is in.
    Done,
    /// It was given up, and why.
    GivenUp(String),
}

impl Noun for Act {
    const KIND: &'static str = "audit";

    fn scope(&self) -> String {
        self.account.to_string()
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("resource", self.resource.clone());
    }
}

/// Records, in the commit that does it, that `by` does `action` to `resource`.
pub fn note(
    changes: &mut Changes,
    ground: &Ground,
    by: &Principal,
    action: &str,
    resource: impl ToString,
) -> Result<(), Error> {
    let act = act(ground, by, action, resource.to_string());
    changes.put(&act, Expect::Absent)?;
    Ok(())
}

/// Records that the server gave up `action` on `resource`, and why.
pub fn note_given_up(
    changes: &mut Changes,
    ground: &Ground,
    by: &Principal,
    act_on: (&str, &str),
    why: &str,
) -> Result<(), Error> {
    let (action, resource) = act_on;
    let act = act(ground, by, action, resource.to_owned());
    changes.put(&Act { outcome: Outcome::GivenUp(why.to_owned()), ..act }, Expect::Absent)?;
    Ok(())
}

/// One page of an account's acts, the latest first; `after` is the previous page's `next`.
pub async fn list(
    store: &Store,
    account: &AccountId,
    within: (Timestamp, Timestamp),
    after: Option<String>,
) -> Result<Page<Act>, Error> {
    let (from, before) = within;
    let range = Range { from: Some(prefix(from)), before: Some(prefix(before)), ..Range::default() };
    store.list(List::in_scope(account).within(range).descending(true).after(after)).await
}

/// All acts on one resource, page by page.
pub async fn of(
    store: &Store,
    account: &AccountId,
    resource: &str,
    after: Option<String>,
) -> Result<(Vec<Act>, Option<String>), Error> {
    let page = store.list::<Act>(List::in_scope(account).equal("resource", resource).after(after)).await?;
    Ok((page.items.into_iter().map(|Held { value, .. }| value).collect(), page.next))
}

/// So long the record is kept.
pub const KEPT: Duration = Duration::from_secs(400 * 24 * 3600);

/// Lets go of acts that are older than [`KEPT`]; how many there were.
pub async fn prune(ground: &Ground) -> Result<usize, Error> {
    let oldest = ground.now().millis().saturating_sub(i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX));
    let range = Range { before: Some(prefix(Timestamp(oldest))), ..Range::default() };
    let mut pruned = 0;
    loop {
        let old = List::everywhere().within(range.clone()).limit(1000);
        let items = ground.store.list::<Act>(old).await?.items;
        if items.is_empty() {
            return Ok(pruned);
        }
        pruned += items.len();
        let mut changes = Changes::new();
        for Held { version, value } in items {
            changes.delete::<Act>(&value.scope(), &value.id, Expect::Version(version));
        }
        ground.store.commit(changes).await?;
    }
}

fn act(ground: &Ground, by: &Principal, action: &str, resource: String) -> Act {
    let at = ground.now();
    Act {
        id: format!("{}-{}", prefix(at), ground.uuid()),
        account: by.account.clone(),
        at,
        by: by.arn.clone(),
        action: action.to_owned(),
        resource,
        outcome: Outcome::Done,
    }
}

/// Times as text that is ordered as they are.
fn prefix(at: Timestamp) -> String {
    format!("{:019}", at.millis().max(0))
}
