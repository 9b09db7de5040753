//! The names of fields that rules ask for, step by step.

use std::sync::Arc;

use super::{
    headed::{Headed, Kept},
    sorted::Sorted,
};

/// A step of the way to fields. Copies share what they have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Name {
    /// The field whose name ends here.
    pub(super) field: Option<u32>,
    below: Sorted<Kept, Arc<Name>>,
    /// A bit for each name below: nearly all names that are not there are told by it.
    sieve: u64,
    /// Bits of all names below, if they are few and each of them is the end of a way.
    pub(super) ends: Option<u64>,
}

impl Name {
    /// The step below, and its bit.
    pub(super) fn step(&self, name: &str) -> Option<(u64, &Name)> {
        if self.sieve & bit(name) == 0 {
            return None;
        }
        let wanted = Headed::new(name.as_bytes());
        self.below.find_by(|this| this.order(&wanted)).map(|(at, below)| (1 << (at % 64), &**below))
    }

    /// The step that a dotted name leads to.
    pub(super) fn way(&self, dotted: &str) -> Option<&Name> {
        dotted.split('.').try_fold(self, |here, name| here.step(name).map(|(_, below)| below))
    }

    /// Whether nothing is below.
    pub(super) fn is_end(&self) -> bool {
        self.below.is_empty()
    }

    /// Says which field a way ends at, or that none does any more.
    pub(super) fn set(&mut self, dotted: &str, field: Option<u32>) {
        self.set_way(dotted.split('.'), field);
    }

    fn set_way<'n>(&mut self, mut way: impl Iterator<Item = &'n str>, field: Option<u32>) {
        let Some(name) = way.next() else {
            self.field = field;
            return;
        };
        self.below.change(&Kept::new(Arc::from(name.as_bytes())), |below| {
            let mut below = below.unwrap_or_default();
            Arc::make_mut(&mut below).set_way(way, field);
            (below.field.is_some() || !below.is_end()).then_some(below)
        });
        self.sieve |= bit(name);
        let few = self.below.len() <= 64 && self.below.iter().all(|(_, below)| below.is_end());
        self.ends = few.then(|| u64::MAX.checked_shr(64 - low_bits(self.below.len())).unwrap_or(0));
    }
}

/// Of a number below 65.
fn low_bits(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(64)
}

fn bit(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let ends = bytes.first().zip(bytes.last()).map_or(0, |(first, last)| usize::from(first ^ last << 1));
    1 << ((ends ^ bytes.len() << 2) % 64)
}
