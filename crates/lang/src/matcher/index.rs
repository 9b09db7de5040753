//! The tests of one field, each where a value that passes finds it.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
};

use super::{
    affixes::Affixes,
    pieces::{Pieces, Signature},
    posting::Posting,
    ranges::Ranges,
    sorted::Sorted,
};
use crate::pattern::{Block, Handle, Scalar, fold};

/// What finds what. Copies share what they have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// By hash: of two texts with the same one, both are found.
    texts: Sorted<u64, Posting>,
    any_case: Sorted<u64, Posting>,
    prefixes: Affixes,
    prefixes_any_case: Affixes,
    suffixes: Affixes,
    suffixes_any_case: Affixes,
    pieces: Pieces,
    blocks: Sorted<Block, Posting>,
    /// How many blocks there are of each length.
    lengths: Sorted<u8, usize>,
    ranges: Ranges,
    yes: Posting,
    no: Posting,
    null: Posting,
    any: Posting,
}

impl Index {
    /// Puts a clause where the test is found, or takes it away.
    pub(super) fn change(
        &mut self,
        hasher: &RandomState,
        handle: Handle<'_>,
        change: impl Fn(Posting) -> Posting,
    ) {
        match handle {
            Handle::Text(text) => change_in(&mut self.texts, &hasher.hash_one(text), change),
            Handle::AnyCase(text) => change_in(&mut self.any_case, &hasher.hash_one(text), change),
            Handle::Prefix(text) => self.prefixes.change(text.as_bytes(), change),
            Handle::PrefixAnyCase(text) => self.prefixes_any_case.change(text.as_bytes(), change),
            Handle::Suffix(text) => self.suffixes.change(&reversed(text), change),
            Handle::SuffixAnyCase(text) => self.suffixes_any_case.change(&reversed(text), change),
            Handle::Pieces(pieces) => self.pieces.change(Signature::of_all(pieces), change),
            Handle::Block(block) => self.change_block(block, change),
            Handle::Range(low, high) => self.ranges.change(low, high, change),
            Handle::Bool(true) => self.yes = change(std::mem::take(&mut self.yes)),
            Handle::Bool(false) => self.no = change(std::mem::take(&mut self.no)),
            Handle::Null => self.null = change(std::mem::take(&mut self.null)),
            Handle::Any => self.any = change(std::mem::take(&mut self.any)),
            // Nothing of a field finds what waits for no value: who has such a test is looked at always.
            Handle::Absent => {}
        }
    }

    fn change_block(&mut self, block: Block, change: impl Fn(Posting) -> Posting) {
        let before = self.blocks.len();
        change_in(&mut self.blocks, &block, change);
        let now = self.blocks.len();
        self.lengths.change(&block.length(), |count| {
            Some((count.unwrap_or(0) + now).saturating_sub(before)).filter(|count| *count > 0)
        });
    }

    /// How much would be found in vain, roughly, if a clause were found by this test.
    pub(super) fn load(&self, hasher: &RandomState, handle: Handle<'_>) -> usize {
        let short = |text: &str| 2 + 64 / (text.len() * text.len()).max(1);
        let (there, weight) = match handle {
            Handle::Text(text) => (self.texts.get(&hasher.hash_one(text)), 1),
            Handle::AnyCase(text) => (self.any_case.get(&hasher.hash_one(text)), 1),
            Handle::Prefix(text) => (self.prefixes.posting(text.as_bytes()), short(text)),
            Handle::PrefixAnyCase(text) => (self.prefixes_any_case.posting(text.as_bytes()), short(text)),
            Handle::Suffix(text) => (self.suffixes.posting(&reversed(text)), short(text)),
            Handle::SuffixAnyCase(text) => (self.suffixes_any_case.posting(&reversed(text)), short(text)),
            Handle::Pieces(pieces) => (self.pieces.posting(Signature::of_all(pieces)), 16),
            Handle::Block(block) => (self.blocks.get(&block), 1),
            Handle::Range(low, high) => (self.ranges.posting(low, high), width(low, high)),
            Handle::Bool(true) => (Some(&self.yes), 128),
            Handle::Bool(false) => (Some(&self.no), 128),
            Handle::Null => (Some(&self.null), 32),
            Handle::Any => (Some(&self.any), 512),
            Handle::Absent => return usize::MAX / 4096,
        };
        (1 + there.map_or(0, |posting| posting.as_slice().len())) * weight
    }

    /// The clauses that the value finds.
    pub(super) fn find(&self, hasher: &RandomState, value: &Scalar<'_>, found: &mut Vec<u32>) {
        found.extend_from_slice(self.any.as_slice());
        match value {
            Scalar::Text(text) => self.find_text(hasher, text, found),
            Scalar::Number(number) => {
                self.ranges.around(number.float(), |posting| found.extend_from_slice(posting.as_slice()));
            }
            Scalar::Bool(true) => found.extend_from_slice(self.yes.as_slice()),
            Scalar::Bool(false) => found.extend_from_slice(self.no.as_slice()),
            Scalar::Null => found.extend_from_slice(self.null.as_slice()),
        }
    }

    fn find_text(&self, hasher: &RandomState, text: &str, found: &mut Vec<u32>) {
        let mut add = |posting: &Posting| found.extend_from_slice(posting.as_slice());
        if !self.texts.is_empty() {
            self.texts.get(&hasher.hash_one(text)).into_iter().for_each(&mut add);
        }
        if !self.prefixes.is_empty() {
            self.prefixes.beginning(text.as_bytes()).for_each(&mut add);
        }
        if !self.suffixes.is_empty() {
            self.suffixes.beginning(&reversed(text)).for_each(&mut add);
        }
        let in_any_case =
            [self.any_case.is_empty(), self.prefixes_any_case.is_empty(), self.suffixes_any_case.is_empty()];
        if in_any_case.contains(&false) {
            let folded = fold(text);
            self.any_case.get(&hasher.hash_one(&*folded)).into_iter().for_each(&mut add);
            self.prefixes_any_case.beginning(folded.as_bytes()).for_each(&mut add);
            if !self.suffixes_any_case.is_empty() {
                self.suffixes_any_case.beginning(&reversed(&folded)).for_each(&mut add);
            }
        }
        self.pieces.within(text, &mut add);
        if !self.blocks.is_empty()
            && let Ok(address) = text.parse::<IpAddr>()
        {
            let around = self.lengths.iter().filter_map(|(length, _)| Block::around(address, *length));
            around.filter_map(|block| self.blocks.get(&block)).for_each(add);
        }
    }
}

/// How much a range finds in vain, roughly: nobody knows how numbers are spread.
fn width(low: f64, high: f64) -> usize {
    match (low == high, low.is_finite() && high.is_finite()) {
        (true, _) => 1,
        (false, true) => 8,
        (false, false) => 256,
    }
}

fn change_in<K: Ord + Clone>(map: &mut Sorted<K, Posting>, key: &K, change: impl Fn(Posting) -> Posting) {
    map.change(key, |posting| Some(change(posting.unwrap_or_default())).filter(|p| !p.is_empty()));
}

fn reversed(text: &str) -> Vec<u8> {
    text.bytes().rev().collect()
}
