//! Tests that are found by pieces of text anywhere in a value: a value is told by which pairs of bytes it has.

use std::sync::Arc;

use super::{posting::Posting, sorted::Sorted};

/// The tests by the signatures of their pieces, each under one bit of its signature. Those under the bits of a value's
/// signature are looked at, for an instant each.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces(Sorted<u32, Shelf>);

type Shelf = Arc<Vec<(Signature, Posting)>>;

/// Under which the tests without any piece are.
const NO_BIT: u32 = 128;

/// Bits for the pairs of bytes in a text. What has a piece in it has all bits of the piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Signature(u128);

impl Signature {
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let singles = bytes.iter().fold(0, |all, byte| all | 1 << (byte % 32));
        let pairs = bytes.windows(2).fold(0, |all, pair| {
            let mixed = u32::from(pair[0]).wrapping_mul(31) ^ u32::from(pair[1]).wrapping_mul(113);
            all | 1 << (32 + mixed % 96)
        });
        Self(singles | pairs)
    }

    pub(super) fn of_all(pieces: &[String]) -> Self {
        Self(pieces.iter().fold(0, |all, piece| all | Self::of(piece).0))
    }

    fn bits(self) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(self.0), |rest| rest.checked_sub(1).map(|less| rest & less))
            .take_while(|rest| *rest != 0)
            .map(u128::trailing_zeros)
    }

    fn may_hold(self, pieces: Self) -> bool {
        self.0 & pieces.0 == pieces.0
    }
}

impl Pieces {
    pub(super) fn change(&mut self, pieces: Signature, change: impl FnOnce(Posting) -> Posting) {
        let there = self.find(pieces).map(|(bit, _)| bit);
        let shortest = |bit: &u32| self.0.get(bit).map_or(0, |shelf| shelf.len());
        let bit = there.or_else(|| pieces.bits().min_by_key(shortest)).unwrap_or(NO_BIT);
        self.0.change(&bit, |shelf| {
            let mut shelf = shelf.unwrap_or_default();
            let tests = Arc::make_mut(&mut shelf);
            let at = tests.iter().position(|(this, _)| *this == pieces);
            let posting = change(at.map(|at| tests.swap_remove(at).1).unwrap_or_default());
            if !posting.is_empty() {
                tests.push((pieces, posting));
            }
            Some(shelf).filter(|shelf| !shelf.is_empty())
        });
    }

    pub(super) fn posting(&self, pieces: Signature) -> Option<&Posting> {
        self.find(pieces).map(|(_, posting)| posting)
    }

    /// The bit under which the test is.
    fn find(&self, pieces: Signature) -> Option<(u32, &Posting)> {
        pieces.bits().chain([NO_BIT]).find_map(|bit| {
            let found = self.0.get(&bit)?.iter().find(|(this, _)| *this == pieces);
            found.map(|(_, posting)| (bit, posting))
        })
    }

    /// Tells the postings of all that may be in the text.
    pub(super) fn within<'a>(&'a self, text: &str, mut tell: impl FnMut(&'a Posting)) {
        if self.0.is_empty() {
            return;
        }
        let whole = Signature::of(text);
        for bit in whole.bits().chain([NO_BIT]) {
            let Some(shelf) = self.0.get(&bit) else { continue };
            for (pieces, posting) in &**shelf {
                if whole.may_hold(*pieces) {
                    tell(posting);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_hold_the_pieces_is_found_and_little_else() {
        let mut all = Pieces::default();
        let pieces = |number: u32| vec![String::new(), format!("{number:03}"), "x".to_owned(), String::new()];
        for number in 0..1000 {
            all.change(Signature::of_all(&pieces(number)), |posting| posting.with(number));
        }
        let found = |text: &str| {
            let mut found = Vec::new();
            all.within(text, |posting| found.extend_from_slice(posting.as_slice()));
            found
        };
        assert!(found("a123bx").contains(&123) && found("a123bx").len() < 20);
        assert!(found("123").is_empty());
        for number in 0..1000 {
            all.change(Signature::of_all(&pieces(number)), |posting| posting.without(number));
        }
        assert!(all.0.is_empty());
    }
}
