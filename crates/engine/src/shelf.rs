//! Things by number, in an order, in a tree whose copies share all that they have in common.

use std::{fmt, sync::Arc};

/// Bits of the number that one level of the tree tells apart.
const BITS: u32 = 4;
const WIDE: usize = 1 << BITS;

/// A map of numbers whose copy costs nothing and whose change costs one path through the tree, however much is in
/// it: a decision works on a copy of the run, and must not pay for what it leaves alone.
#[derive(Clone)]
pub(crate) struct Shelf<T> {
    root: Option<Arc<Node<T>>>,
    /// How many levels of branches are above the leaves.
    height: u32,
    len: usize,
}

#[derive(Clone)]
enum Node<T> {
    Branch([Option<Arc<Node<T>>>; WIDE]),
    Leaf([Option<T>; WIDE]),
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { root: None, height: 0, len: 0 }
    }
}

impl<T: Clone> Shelf<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn get(&self, key: u64) -> Option<&T> {
        if !self.reaches(key) {
            return None;
        }
        let mut node = self.root.as_deref()?;
        let mut level = self.height;
        loop {
            match node {
                Node::Branch(children) => node = children[slot(key, level)].as_deref()?,
                Node::Leaf(things) => return things[slot(key, 0)].as_ref(),
            }
            level = level.saturating_sub(1);
        }
    }

    /// The thing, to be changed: what other copies share with this one is copied first.
    pub(crate) fn get_mut(&mut self, key: u64) -> Option<&mut T> {
        self.get(key)?;
        let mut node = self.root.as_mut()?;
        let mut level = self.height;
        loop {
            match Arc::make_mut(node) {
                Node::Branch(children) => node = children[slot(key, level)].as_mut()?,
                Node::Leaf(things) => return things[slot(key, 0)].as_mut(),
            }
            level = level.saturating_sub(1);
        }
    }

    pub(crate) fn insert(&mut self, key: u64, thing: T) {
        while !self.reaches(key) {
            if let Some(root) = self.root.take() {
                let mut children = [const { None }; WIDE];
                children[0] = Some(root);
                self.root = Some(Arc::new(Node::Branch(children)));
            }
            self.height += 1;
        }
        let mut place = &mut self.root;
        for level in (1..=self.height).rev() {
            let node = place.get_or_insert_with(|| Arc::new(Node::Branch([const { None }; WIDE])));
            let Node::Branch(children) = Arc::make_mut(node) else { return };
            place = &mut children[slot(key, level)];
        }
        let node = place.get_or_insert_with(|| Arc::new(Node::Leaf([const { None }; WIDE])));
        if let Node::Leaf(things) = Arc::make_mut(node)
            && things[slot(key, 0)].replace(thing).is_none()
        {
            self.len += 1;
        }
    }

    pub(crate) fn remove(&mut self, key: u64) -> Option<T> {
        self.get(key)?;
        let taken = take(self.root.as_mut()?, key, self.height);
        self.len -= 1;
        if self.is_empty() {
            *self = Self::default();
        }
        taken
    }

    /// The first number that is not smaller than `key`, and its thing.
    pub(crate) fn at_or_after(&self, key: u64) -> Option<(u64, &T)> {
        if !self.reaches(key) {
            return None;
        }
        seek(self.root.as_deref()?, key, self.height, 0)
    }

    /// All of them, by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let mut next = Some(0);
        std::iter::from_fn(move || {
            let (key, thing) = self.at_or_after(next?)?;
            next = key.checked_add(1);
            Some((key, thing))
        })
    }

    fn reaches(&self, key: u64) -> bool {
        let bits = BITS * (self.height + 1);
        bits >= u64::BITS || key >> bits == 0
    }
}

/// Which child of a node of that level the number is in.
fn slot(key: u64, level: u32) -> usize {
    (key >> (BITS * level)) as usize % WIDE
}

/// Takes the thing out, and the nodes that are empty then.
fn take<T: Clone>(node: &mut Arc<Node<T>>, key: u64, level: u32) -> Option<T> {
    match Arc::make_mut(node) {
        Node::Leaf(things) => things[slot(key, 0)].take(),
        Node::Branch(children) => {
            let place = &mut children[slot(key, level)];
            let taken = take(place.as_mut()?, key, level - 1);
            if place.as_ref().is_some_and(|child| child.is_empty()) {
                *place = None;
            }
            taken
        }
    }
}

fn seek<T>(node: &Node<T>, from: u64, level: u32, above: u64) -> Option<(u64, &T)> {
    let first = slot(from, level);
    match node {
        Node::Leaf(things) => {
            let found = (first..WIDE).find_map(|at| things[at].as_ref().map(|thing| (at, thing)));
            found.map(|(at, thing)| (above | at as u64, thing))
        }
        Node::Branch(children) => (first..WIDE).find_map(|at| {
            // Only in the first child is anything smaller than `from`.
            let from = if at == first { from } else { 0 };
            let above = above | (at as u64) << (BITS * level);
            seek(children[at].as_deref()?, from, level - 1, above)
        }),
    }
}

impl<T> Node<T> {
    fn is_empty(&self) -> bool {
        match self {
            Self::Branch(children) => children.iter().all(Option::is_none),
            Self::Leaf(things) => things.iter().all(Option::is_none),
        }
    }
}

impl<T: Clone + PartialEq> PartialEq for Shelf<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<T: Clone + fmt::Debug> fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Shelf;

    fn keys() -> impl Strategy<Value = u64> {
        prop_oneof![4 => 0..40_u64, 2 => 0..5000_u64, 1 => any::<u64>()]
    }

    proptest! {
        /// It is a map in order, and a copy does not see what is done to the other.
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((keys(), any::<bool>(), any::<u8>()), 0..120)) {
            let (mut shelf, mut map) = (Shelf::default(), BTreeMap::new());
            let mut copies = Vec::new();
            for (at, (key, put, thing)) in steps.into_iter().enumerate() {
                if at % 7 == 0 {
                    copies.push((shelf.clone(), map.clone()));
                }
                if put {
                    shelf.insert(key, thing);
                    map.insert(key, thing);
                } else {
                    prop_assert_eq!(shelf.remove(key), map.remove(&key));
                }
                if let (Some(ours), Some(theirs)) = (shelf.get_mut(key), map.get_mut(&key)) {
                    *ours = ours.wrapping_add(1);
                    *theirs = theirs.wrapping_add(1);
                }
                let next = map.range(key..).next().map(|(key, thing)| (*key, thing));
                prop_assert_eq!(shelf.at_or_after(key), next);
            }
            copies.push((shelf, map));
            for (shelf, map) in copies {
                prop_assert_eq!(shelf.len(), map.len());
                prop_assert!(shelf.iter().eq(map.iter().map(|(key, thing)| (*key, thing))));
            }
        }
    }
}
