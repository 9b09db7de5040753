//! Whether the values that passed can all be taken from one member of each list they share.
//!
//! For `{"a": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}` a pattern of x 1 and y 4 does not match.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html>

use std::collections::{BTreeSet, HashMap, HashSet};

/// Which members of which lists of the event a value stands in: (list, index), by list.
pub(super) type Membership = Vec<(u32, u32)>;

/// Whether one membership can be chosen for each field so that no two of them disagree about a list.
///
/// Fields come sorted by name, so that those of one list follow each other: a list that no later field stands in
/// is forgotten at once, and the choices stay about as few as the list's members.
pub(super) fn consistent(fields: &[Vec<Membership>]) -> bool {
    let mut chosen: HashSet<Membership> = HashSet::from([Membership::new()]);
    for i in 0..fields.len() {
        let still_needed: BTreeSet<u32> = lists(fields[i + 1..].iter().flatten());
        chosen = join(&chosen, &fields[i], &still_needed);
        if chosen.is_empty() {
            return false;
        }
    }
    true
}

fn lists<'a>(memberships: impl Iterator<Item = &'a Membership>) -> BTreeSet<u32> {
    memberships.flatten().map(|(list, _)| *list).collect()
}

fn join(chosen: &HashSet<Membership>, field: &[Membership], needed: &BTreeSet<u32>) -> HashSet<Membership> {
    let shared = everywhere(chosen.iter().chain(field));
    let mut by_shared: HashMap<Membership, HashSet<&Membership>> = HashMap::new();
    for membership in field {
        by_shared.entry(only(membership, &shared)).or_default().insert(membership);
    }
    let mut joined = HashSet::new();
    for left in chosen {
        for right in by_shared.get(&only(left, &shared)).into_iter().flatten() {
            joined.extend(merge(left, right).map(|both| only(&both, needed)));
        }
    }
    joined
}

/// The lists that every one of the memberships is in.
fn everywhere<'a>(mut memberships: impl Iterator<Item = &'a Membership>) -> BTreeSet<u32> {
    let mut common: BTreeSet<u32> = memberships.next().map(|m| lists([m].into_iter())).unwrap_or_default();
    for membership in memberships {
        if common.is_empty() {
            break;
        }
        common.retain(|list| membership.iter().any(|(l, _)| l == list));
    }
    common
}

fn only(membership: &Membership, lists: &BTreeSet<u32>) -> Membership {
    membership.iter().filter(|(list, _)| lists.contains(list)).copied().collect()
}

/// Both, or nothing if they disagree about a list. Sorted by list, as both are.
fn merge(left: &Membership, right: &Membership) -> Option<Membership> {
    let mut both = left.clone();
    for (list, index) in right {
        match both.binary_search_by_key(list, |(l, _)| *l) {
            Ok(at) if both[at].1 != *index => return None,
            Ok(_) => {}
            Err(at) => both.insert(at, (*list, *index)),
        }
    }
    Some(both)
}
