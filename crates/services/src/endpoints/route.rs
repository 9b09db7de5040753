//! Which copy answers a request. In memory: the loop writes it, every invocation reads it.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use trainyard_domain::serving::VariantId;

/// Where requests go, for all endpoints.
#[derive(Clone, Default)]
pub(super) struct Traffic(Arc<RwLock<Tables>>);

#[derive(Default)]
struct Tables {
    /// By endpoint ARN.
    endpoints: HashMap<String, Vec<Way>>,
    in_flight: HashMap<VariantId, Arc<AtomicUsize>>,
    turn: AtomicUsize,
}

/// One copy that answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Way {
    pub(super) id: VariantId,
    pub(super) variant: String,
    /// The copy's own share.
    pub(super) weight: f64,
}

/// A request's way. While it is held, the copy counts the request as in flight.
pub(super) struct Route {
    /// The copy.
    pub(super) id: VariantId,
    /// Which variant that is.
    pub variant: String,
    count: Arc<AtomicUsize>,
}

impl Drop for Route {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Traffic {
    /// A way for the next request to the endpoint, in proportion to the weights; only to `variant`, if named.
    /// `None` if nothing there answers.
    pub(super) fn route(&self, arn: &str, variant: Option<&str>) -> Option<Route> {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let fits = |way: &&Way| variant.is_none_or(|name| way.variant == name);
        let ways: Vec<_> = tables.endpoints.get(arn)?.iter().filter(fits).collect();
        let turn = tables.turn.fetch_add(1, Ordering::Relaxed);
        let way = choose(&ways, turn, variant.is_some())?;
        let count = Arc::clone(tables.in_flight.get(&way.id)?);
        // Counted under the lock: when the loop has taken a copy out of the table, nobody joins it any more.
        count.fetch_add(1, Ordering::AcqRel);
        Some(Route { id: way.id.clone(), variant: way.variant.clone(), count })
    }

    /// The copies that now answer for the endpoint.
    pub(super) fn set(&self, arn: &str, ways: Vec<Way>) {
        let same = |tables: &Tables| tables.endpoints.get(arn).is_some_and(|now| *now == ways);
        if same(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for way in &ways {
            tables.in_flight.entry(way.id.clone()).or_default();
        }
        tables.endpoints.insert(arn.to_owned(), ways);
    }

    /// The endpoint is gone.
    pub(super) fn forget(&self, arn: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).endpoints.remove(arn);
    }

    /// The copy is gone.
    pub(super) fn forget_copy(&self, id: &VariantId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).in_flight.remove(id);
    }

    /// How many requests the copy now answers.
    pub(super) fn in_flight(&self, id: &VariantId) -> usize {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tables.in_flight.get(id).map_or(0, |count| count.load(Ordering::Acquire))
    }
}

/// The golden ratio's fraction: its multiples fill the unit interval evenly, so that after any number of requests
/// the shares are as near to the weights as they can be, without dice.
const STRIDE: f64 = 0.618_033_988_749_894_9;

fn choose<'a>(ways: &[&'a Way], turn: usize, named: bool) -> Option<&'a Way> {
    // A variant that is asked for by name answers even if its weight is 0.
    let weight = |way: &Way| if named { way.weight.max(f64::MIN_POSITIVE) } else { way.weight };
    let total: f64 = ways.iter().map(|way| weight(way)).sum();
    let mut point = (turn as f64 * STRIDE).fract() * total;
    for way in ways.iter().filter(|way| weight(way) > 0.0) {
        point -= weight(way);
        if point < 0.0 {
            return Some(way);
        }
    }
    ways.iter().rev().find(|way| weight(way) > 0.0).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(id: &str, weight: f64) -> Way {
        let variant = id.to_owned();
        Way { id: VariantId::try_from(id.to_owned()).unwrap(), variant, weight }
    }

    #[test]
    fn shares_follow_the_weights() {
        let traffic = Traffic::default();
        traffic.set("e", vec![way("a", 9.0), way("b", 1.0), way("c", 0.0)]);
        let mut counts = HashMap::new();
        for _ in 0..1000 {
            *counts.entry(traffic.route("e", None).unwrap().variant.clone()).or_insert(0) += 1;
        }
        assert!((895..=905).contains(&counts["a"]), "{counts:?}");
        assert!(!counts.contains_key("c"));
        assert_eq!(traffic.route("e", Some("c")).unwrap().variant, "c");
        assert!(traffic.route("e", Some("d")).is_none());
    }

    #[test]
    fn requests_are_counted_while_they_last() {
        let traffic = Traffic::default();
        traffic.set("e", vec![way("a", 1.0)]);
        let id = way("a", 1.0).id;
        let route = traffic.route("e", None).unwrap();
        traffic.set("e", vec![way("b", 1.0)]);
        assert_eq!(traffic.in_flight(&id), 1);
        drop(route);
        assert_eq!(traffic.in_flight(&id), 0);
    }
}
