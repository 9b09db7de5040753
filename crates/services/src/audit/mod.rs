//! Who did what when: an append-only record, written in the same commit as the act that it speaks of.
//!
//! It never decides and is never read by another room: it is there for people. Each account has a trail, on which all
//! that is committed at the same moment is one row: two acts at once never stand in each other's way.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use trainyard_domain::{AccountId, Arn, Principal, Timestamp};
use trainyard_store::{Changes, Error, Store};

use crate::ground::Ground;

/// One act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Act {
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

/// What the names of all accounts' trails begin with.
const TRAILS: &str = "audit/";
/// So many acts are read at a time.
const PAGE: usize = 1000;
/// Acts come to the disk in any order: one that stands before another was done later by less than that.
const AT_ONCE: Duration = Duration::from_secs(60);

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// It was done, in the commit that this record is in.
    Done,
    /// It was given up, and why.
    GivenUp(String),
}

/// Records, in the commit that does it, that `by` does `action` to `resource`.
pub fn note(
    changes: &mut Changes,
    ground: &Ground,
    by: &Principal,
    action: &str,
    resource: impl ToString,
) -> Result<(), Error> {
    leave(changes, by, &act(ground, by, (action, &resource.to_string()), Outcome::Done))
}

/// Records that the server gave up `action` on `resource`, and why.
pub fn note_given_up(
    changes: &mut Changes,
    ground: &Ground,
    by: &Principal,
    act_on: (&str, &str),
    why: &str,
) -> Result<(), Error> {
    leave(changes, by, &act(ground, by, act_on, Outcome::GivenUp(why.to_owned())))
}

/// One page of an account's acts within these times, the latest first, and what the next page is asked for with: it goes
/// back from there to the first act that is too old.
pub async fn list(
    store: &Store,
    account: &AccountId,
    (from, before): (Timestamp, Timestamp),
    after: Option<u64>,
) -> Result<(Vec<Act>, Option<u64>), Error> {
    let last = after.map_or(u64::MAX, |after| after.saturating_sub(1));
    let records = store.trail_back(&trail(account), last, PAGE).await?.records;
    let next =
        records.last().map(|(number, _)| *number).filter(|number| records.len() == PAGE && *number > 1);
    let acts: Vec<Act> = read(records).map(|(_, act)| act).collect();
    let oldest = acts.last().map(|act| act.at.plus(AT_ONCE));
    let acts = acts.into_iter().filter(|act| (from..before).contains(&act.at)).collect();
    Ok((acts, next.filter(|_| oldest.is_none_or(|oldest| oldest >= from))))
}

/// So long the record is kept.
pub const KEPT: Duration = Duration::from_secs(400 * 24 * 3600);

/// Lets go of acts that are older than [`KEPT`].
pub async fn prune(ground: &Ground) -> Result<(), Error> {
    let oldest = ground.now().millis().saturating_sub(i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX));
    for trail in ground.store.trails(TRAILS).await? {
        let mut from = 1;
        loop {
            let records = ground.store.trail(&trail.name, from, PAGE).await?.records;
            let Some((last, _)) = records.last() else { break };
            from = last + 1;
            let mut acts = read(records).enumerate();
            let young = acts.find(|(_, (_, act))| act.at.millis() >= oldest);
            if matches!(young, Some((0, _))) {
                break;
            }
            let mut changes = Changes::new();
            changes.shorten(&trail.name, young.as_ref().map_or(from, |(_, (number, _))| *number));
            ground.store.commit(changes).await?;
            if young.is_some() {
                break;
            }
        }
    }
    Ok(())
}

fn trail(account: &AccountId) -> String {
    format!("{TRAILS}{account}")
}

fn act(ground: &Ground, by: &Principal, (action, resource): (&str, &str), outcome: Outcome) -> Act {
    let (action, resource) = (action.to_owned(), resource.to_owned());
    Act { at: ground.now(), by: by.arn.clone(), action, resource, outcome }
}

fn leave(changes: &mut Changes, by: &Principal, act: &Act) -> Result<(), Error> {
    changes.leave(&trail(&by.account), act)?;
    Ok(())
}

/// What cannot be read is left out.
fn read(records: Vec<(u64, String)>) -> impl Iterator<Item = (u64, Act)> {
    records.into_iter().filter_map(|(number, record)| Some((number, serde_json::from_str(&record).ok()?)))
}
