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
pub(super) struct Tallies(Mutex<HashMap<Arn, Entry>>);

#[derive(Clone, Copy, Default)]
struct Entry {
    tally: Tally,
    /// Whether it is not written down.
    fresh: bool,
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
        if !all.contains_key(rule) {
            all.insert(rule.clone(), Entry::default());
        }
        if let Some(entry) = all.get_mut(rule) {
            *entry.tally.of(count) += 1;
            entry.fresh = true;
        }
    }

    fn get(&self, rule: &Arn) -> Tally {
        self.lock().get(rule).map(|entry| entry.tally).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arn, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bus {
    /// The sum over all rules since they were made.
    pub fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        self.tallies.lock().values().for_each(|entry| sum.add(&entry.tally));
        sum
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
        if let Err(error) = self.read_tallies().await {
            tracing::warn!(%error, "the tallies of rules cannot be read");
        }
        loop {
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

    async fn read_tallies(&self) -> Result<(), Error> {
        let mut after = None;
        loop {
            let page = self.ground.store.list::<Kept>(List::everywhere().after(after)).await?;
            let mut all = self.tallies.lock();
            for Kept { rule, tally } in page.items.into_iter().map(|held| held.value) {
                all.entry(rule).or_default().tally.add(&tally);
            }
            drop(all);
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Those of rules that are no more go.
    pub(super) async fn write_tallies(&self) -> Result<(), Error> {
        let fresh: Vec<(Arn, Tally)> = self
            .tallies
            .lock()
            .iter_mut()
            .filter_map(|(rule, entry)| std::mem::take(&mut entry.fresh).then(|| (rule.clone(), entry.tally)))
            .collect();
        let mut changes = Changes::new();
        for (rule, tally) in fresh {
            let kept = Kept { rule, tally };
            let (scope, path) = (kept.scope(), kept.id());
            if self.ground.store.get::<Rule>(&scope, &rule_id(&path)).await?.is_some() {
                changes.put(&kept, Expect::Any)?;
            } else {
                changes.delete::<Kept>(&scope, &path, Expect::Any);
                self.tallies.lock().remove(&kept.rule);
            }
        }
        Ok(self.ground.store.commit(changes).await?)
    }
}

/// The id of the rule's document.
fn rule_id(path: &str) -> String {
    let name = path.strip_prefix("rule/").unwrap_or(path);
    if name.contains('/') { name.to_owned() } else { rule::id(DEFAULT_BUS, name) }
}
