//! A sorted map whose copies share what they have in common: it is kept in short runs, and a change copies one.

use std::{borrow::Borrow, cmp::Ordering, sync::Arc};

/// A run that grows longer is split.
const LONGEST_RUN: usize = 64;

type Run<K, V> = Arc<Vec<(K, V)>>;

/// The map. A copy costs as many reference counts as there are runs.
#[derive(Clone, Debug)]
pub(super) struct Sorted<K, V> {
    /// In order, none empty, each behind its first key.
    runs: Vec<(K, Run<K, V>)>,
    len: usize,
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self { runs: Vec::new(), len: 0 }
    }
}

impl<K: Ord + Clone, V: Clone> Sorted<K, V> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find_by(|this| this.borrow().cmp(key)).map(|(_, value)| value)
    }

    /// What is under the key that is equal to the one that is looked for, with its place in its run, which is its place
    /// in the map while that is short. `order` says how a key stands to the one that is looked for.
    pub(super) fn find_by(&self, order: impl Fn(&K) -> Ordering) -> Option<(usize, &V)> {
        let run = &self.runs.get(self.run_by(&order)?)?.1;
        let at = run.binary_search_by(|(this, _)| order(this)).ok()?;
        Some((at, &run[at].1))
    }

    /// The greatest key that is not greater than the one that is looked for.
    pub(super) fn at_or_before_by(&self, order: impl Fn(&K) -> Ordering) -> Option<(&K, &V)> {
        let run = &self.runs.get(self.run_by(&order)?)?.1;
        let behind = run.partition_point(|(this, _)| order(this).is_le());
        run.get(behind.checked_sub(1)?).map(|(key, value)| (key, value))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.runs.iter().flat_map(|(_, run)| run.iter().map(|(key, value)| (key, value)))
    }

    /// Changes what is there, or what would be there first; what comes of it is kept, unless it is nothing.
    pub(super) fn change(&mut self, key: &K, change: impl FnOnce(Option<V>) -> Option<V>) {
        let at = self.run_by(&|this| this.cmp(key)).unwrap_or(0);
        if self.runs.is_empty() {
            self.runs.push((key.clone(), Arc::default()));
        }
        let run = Arc::make_mut(&mut self.runs[at].1);
        let was = run.len();
        match run.binary_search_by(|(this, _)| this.cmp(key)) {
            Ok(place) => match change(Some(run[place].1.clone())) {
                Some(value) => run[place].1 = value,
                None => drop(run.remove(place)),
            },
            Err(place) => run.extend_at(place, change(None).map(|value| (key.clone(), value))),
        }
        self.len = self.len + run.len() - was;
        self.tidy(at);
    }

    /// The run in which the key that is looked for is, if it is anywhere.
    fn run_by(&self, order: &impl Fn(&K) -> Ordering) -> Option<usize> {
        self.runs.partition_point(|(first, _)| order(first).is_le()).checked_sub(1)
    }

    /// Splits a run that is too long, drops one that is empty, and notes its first key.
    fn tidy(&mut self, at: usize) {
        let (first, run) = &mut self.runs[at];
        if run.len() > LONGEST_RUN {
            let second = Arc::make_mut(run).split_off(LONGEST_RUN / 2);
            let key = second[0].0.clone();
            *first = run[0].0.clone();
            self.runs.insert(at + 1, (key, Arc::new(second)));
        } else if let Some((key, _)) = run.first() {
            *first = key.clone();
        } else {
            self.runs.remove(at);
        }
    }
}

trait ExtendAt<T> {
    fn extend_at(&mut self, place: usize, item: Option<T>);
}

impl<T> ExtendAt<T> for Vec<T> {
    fn extend_at(&mut self, place: usize, item: Option<T>) {
        if let Some(item) = item {
            self.insert(place, item);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_a_map(steps in prop::collection::vec((0..400u32, any::<bool>()), 0..1500)) {
            let (mut map, mut model) = (Sorted::default(), BTreeMap::new());
            let before = map.clone();
            for (key, put) in steps {
                map.change(&key, |_| put.then_some(key * 2));
                if put { model.insert(key, key * 2); } else { model.remove(&key); }
            }
            prop_assert!(before.is_empty());
            prop_assert_eq!(map.len(), model.len());
            prop_assert!(map.iter().eq(model.iter()));
            for key in 0..400 {
                prop_assert_eq!(map.get(&key), model.get(&key));
                prop_assert_eq!(map.at_or_before_by(|this| this.cmp(&key)), model.range(..=key).next_back());
            }
        }
    }
}
