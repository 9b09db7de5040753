//! How often each rule was matched, and what came of that.
//!
//! The counts are in memory and written down every few seconds and at the end: after a crash those of the last seconds
//! are missing, and no delivery waits for a count.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use trainyard_domain::{Arn, Scope, event::DEFAULT_BUS};
use trainyard_store::{Changes, Expect, Keys, List, Noun};

use super::{
    Bus, Error,
    rule::{self, Rule},
};

/// Written down so often.
const PERIOD: Duration = Duration::from_secs(5);

/// What came of a rule's events since it was made, in the words of EventBridge's metrics.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Events that it has matched (`TriggeredRules`).
    pub matched: u64,
    /// Deliveries that reached their target (`SuccessfulInvocationAttempts`).
    pub invoked: u64,
    /// Deliveries that were given up (`FailedInvocations`).
    pub failed: u64,
    /// Attempts that failed and were followed by others (`RetryInvocationAttempts`).
    pub retried: u64,
    /// Times that a target wanted fewer (`ThrottledRules`).
    pub throttled: u64,
    /// Letters that are in their queue (`InvocationsSentToDlq`).
    pub buried: u64,
    /// Letters that their queue has not taken (`InvocationsFailedToBeSentToDlq`).
    pub unburied: u64,
}

/// A rule and what came of its events.
#[derive(Clone, Debug, PartialEq)]
pub struct Tallied {
    /// The rule.
    pub rule: Rule,
    /// Since it was made.
    pub tally: Tally,
}

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    Matched,
    Invoked,
    Failed,
    Retried,
    Throttled,
    Buried,
    Unburied,
}

/// The tallies of all rules.
#[derive(Default)]
pub(super) struct Tallies(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    rules: HashMap<Arn, Entry>,
    /// Of all rules since the server was started, of those too that are gone.
    sum: Tally,
    /// Whether what was written down before is in the tallies: what is less than that is not written.
    read: bool,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    tally: Tally,
    /// What is written down.
    written: Tally,
}

/// A tally as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    rule: Arn,
    tally: Tally,
}

impl Noun for Kept {
    const KIND: &'static str = "rule-tally";

    fn scope(&self) -> String {
        format!("{}/{}", self.rule.account, self.rule.region)
    }

    fn id(&self) -> String {
        self.rule.resource.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

impl Tally {
    fn of(&mut self, count: Count) -> &mut u64 {
        match count {
            Count::Matched => &mut self.matched,
            Count::Invoked => &mut self.invoked,
            Count::Failed => &mut self.failed,
            Count::Retried => &mut self.retried,
            Count::Throttled => &mut self.throttled,
            Count::Buried => &mut self.buried,
            Count::Unburied => &mut self.unburied,
        }
    }

    fn add(&mut self, other: &Self) {
        let counts = [
            Count::Matched,
            Count::Invoked,
            Count::Failed,
            Count::Retried,
            Count::Throttled,
            Count::Buried,
            Count::Unburied,
        ];
        let mut other = *other;
        for count in counts {
            *self.of(count) += *other.of(count);
        }
    }
}

impl Tallies {
    /// Once more.
    pub(super) fn count(&self, rule: &Arn, count: Count) {
        let mut all = self.lock();
        *all.sum.of(count) += 1;
        if let Some(entry) = all.rules.get_mut(rule) {
            *entry.tally.of(count) += 1;
        } else {
            *all.rules.entry(rule.clone()).or_default().tally.of(count) += 1;
        }
    }

    /// The rule is no more, and the changes with [`remove`] are committed.
    pub(super) fn forget(&self, rule: &Arn) {
        self.lock().rules.remove(rule);
    }

    fn get(&self, rule: &Arn) -> Tally {
        self.lock().rules.get(rule).map(|entry| entry.tally).unwrap_or_default()
    }

    /// Those that are not written down as they are.
    fn fresh(&self) -> Vec<Kept> {
        let all = self.lock();
        let fresh = all.rules.iter().filter(|(_, entry)| entry.tally != entry.written);
        fresh.map(|(rule, entry)| Kept { rule: rule.clone(), tally: entry.tally }).collect()
    }

    /// These are on disk.
    fn written(&self, kept: &[Kept]) {
        let mut all = self.lock();
        for Kept { rule, tally } in kept {
            if let Some(entry) = all.rules.get_mut(rule) {
                entry.written = *tally;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rule's tally goes with these changes.
pub(super) fn remove(changes: &mut Changes, rule: &Arn) {
    let kept = Kept { rule: rule.clone(), tally: Tally::default() };
    changes.delete::<Kept>(&kept.scope(), &kept.id(), Expect::Any);
}

impl Bus {
    /// The sum over all rules since the server was started: it only grows.
    pub fn tally(&self) -> Tally {
        self.tallies.lock().sum
    }

    /// One page of the scope's rules with their tallies.
    pub async fn tallied(
        &self,
        scope: &Scope,
        after: Option<String>,
    ) -> Result<(Vec<Tallied>, Option<String>), Error> {
        let page = self.ground.store.list::<Rule>(List::in_scope(scope).after(after)).await?;
        let tallied = page.items.into_iter().map(|held| {
            let tally = self.tallies.get(&held.value.arn());
            Tallied { rule: held.value, tally }
        });
        Ok((tallied.collect(), page.next))
    }

    /// Writes the tallies down every few seconds, and at the end.
    pub(super) async fn keep_tallies(&self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.read_tallies().await {
                tracing::warn!(%error, "the tallies of rules cannot be read");
            }
            let over = stop.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_none();
            if let Err(error) = self.write_tallies().await {
                tracing::warn!(%error, "the tallies of rules cannot be written");
            }
            if over {
                return;
            }
        }
    }

    #[cfg(test)]
    pub(crate) async fn kept_tallies(&self) -> usize {
        let kept = self.ground.store.list::<Kept>(List::everywhere()).await;
        kept.map_or(0, |page| page.items.len())
    }

    /// Adds what was written down before, once: all of it or nothing.
    async fn read_tallies(&self) -> Result<(), Error> {
        if self.tallies.lock().read {
            return Ok(());
        }
        let (mut kept, mut after) = (Vec::new(), None);
        loop {
            let page = self.ground.store.list::<Kept>(List::everywhere().after(after)).await?;
            kept.extend(page.items.into_iter().map(|held| held.value));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        // What was counted of a rule at the moment when it was removed may have been left.
        let (kept, gone) = self.with_rules(kept).await?;
        let mut changes = Changes::new();
        gone.iter().for_each(|gone| remove(&mut changes, &gone.rule));
        self.ground.store.commit(changes).await?;
        let mut all = self.tallies.lock();
        for Kept { rule, tally } in kept {
            let entry = all.rules.entry(rule).or_default();
            entry.tally.add(&tally);
            entry.written = tally;
        }
        all.read = true;
        Ok(())
    }

    /// Those of rules that are no more go.
    pub(super) async fn write_tallies(&self) -> Result<(), Error> {
        if !self.tallies.lock().read {
            return Ok(());
        }
        let (kept, gone) = self.with_rules(self.tallies.fresh()).await?;
        let mut changes = Changes::new();
        for kept in &kept {
            changes.put(kept, Expect::Any)?;
        }
        for gone in &gone {
            remove(&mut changes, &gone.rule);
            self.tallies.forget(&gone.rule);
        }
        self.ground.store.commit(changes).await?;
        self.tallies.written(&kept);
        Ok(())
    }

    /// Those whose rules are there, and those whose rules are no more.
    async fn with_rules(&self, kept: Vec<Kept>) -> Result<(Vec<Kept>, Vec<Kept>), Error> {
        let rules = kept.iter().map(|kept| (kept.scope(), rule_id(&kept.id()))).collect();
        let rules = self.ground.store.get_all::<Rule>(rules).await?;
        let (mut there, mut gone) = (Vec::new(), Vec::new());
        for (kept, rule) in kept.into_iter().zip(rules) {
            // One that cannot be read is there.
            if matches!(rule, Ok(None)) { gone.push(kept) } else { there.push(kept) }
        }
        Ok((there, gone))
    }
}

/// The id of the rule's document.
fn rule_id(path: &str) -> String {
    let name = path.strip_prefix("rule/").unwrap_or(path);
    if name.contains('/') { name.to_owned() } else { rule::id(DEFAULT_BUS, name) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bus::{
        Shape,
        tests::{entry, root, scope, target, world},
    };

    #[tokio::test]
    async fn a_rule_takes_its_tally_with_it() {
        let world = world().await;
        let bus = &world.bus;
        let pattern = json!({"source": ["app"]});
        world.rule(&pattern).await;
        world.targets(vec![target("t", Shape::Whole)]).await;
        bus.read_tallies().await.unwrap();
        bus.put_events(&root(), &scope(), vec![entry("{}"), entry("{}")], None).await.unwrap();
        world.arrived(2).await;
        world.quiet().await;
        bus.write_tallies().await.unwrap();
        let sum = bus.tally();
        assert_eq!((bus.kept_tallies().await, sum.matched, world.tally().await.matched), (1, 2, 2));
        bus.remove_targets(&scope(), &root(), (None, "r"), (&["t".to_owned()], false)).await.unwrap();
        bus.delete_rule(&scope(), &root(), (None, "r"), false).await.unwrap();
        assert_eq!(bus.kept_tallies().await, 0);
        world.rule(&pattern).await;
        assert_eq!((world.tally().await, bus.tally()), (Tally::default(), sum), "the sum only grows");
    }

    /// Also when it could not be read at first.
    #[tokio::test]
    async fn what_was_written_down_is_not_written_over() {
        let world = world().await;
        world.rule(&json!({"source": ["app"]})).await;
        let (ground, rule) = (&world.bus.ground, rule::arn(&scope(), DEFAULT_BUS, "r"));
        let kept = async |bus: &Bus| {
            let kept = bus.ground.store.list::<Kept>(List::everywhere()).await.unwrap().items;
            kept[0].value.tally.matched
        };
        let mut changes = Changes::new();
        let before = Kept { rule: rule.clone(), tally: Tally { matched: 7, ..Tally::default() } };
        changes.put(&before, Expect::Any).unwrap();
        ground.store.commit(changes).await.unwrap();
        let bus = Bus::new(ground.clone());
        bus.tallies.count(&rule, Count::Matched);
        bus.write_tallies().await.unwrap();
        assert_eq!(kept(&bus).await, 7);
        for _ in 0..2 {
            bus.read_tallies().await.unwrap();
            bus.write_tallies().await.unwrap();
            assert_eq!(kept(&bus).await, 8);
        }
    }
}
