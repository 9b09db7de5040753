//! Texts that values begin with. Those that values end with are kept the other way round.

use std::sync::Arc;

use super::{
    headed::{Headed, Kept},
    posting::Posting,
    sorted::Sorted,
};

/// The texts, as bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Affixes(Sorted<Kept, Posting>);

impl Affixes {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn posting(&self, affix: &[u8]) -> Option<&Posting> {
        let wanted = Headed::new(affix);
        self.0.find_by(|this| this.order(&wanted)).map(|(_, posting)| posting)
    }

    pub(super) fn change(&mut self, affix: &[u8], change: impl FnOnce(Posting) -> Posting) {
        let changed =
            |posting: Option<Posting>| Some(change(posting.unwrap_or_default())).filter(|p| !p.is_empty());
        self.0.change(&Kept::new(Arc::from(affix)), changed);
    }

    /// The postings of all that the value begins with. The greatest text that is not greater than the value either
    /// begins it, or tells how much of it others may begin with.
    pub(super) fn beginning<'a>(&'a self, value: &'a [u8]) -> impl Iterator<Item = &'a Posting> {
        let mut rest = Some(value);
        std::iter::from_fn(move || {
            loop {
                let wanted = Headed::new(rest?);
                let (affix, posting) = self.0.at_or_before_by(|this| this.order(&wanted))?;
                let affix = &affix.bytes;
                let same = affix.iter().zip(rest?).take_while(|(a, b)| a == b).count();
                if same == affix.len() {
                    rest = same.checked_sub(1).map(|shorter| &value[..shorter]);
                    return Some(posting);
                }
                rest = Some(&value[..same]);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_that_begin_it_are_found(
            affixes in prop::collection::btree_set("(arn:aws:)?[ab]{0,6}", 0..200),
            values in prop::collection::vec("(arn:aws:)?[ab]{0,9}", 50),
        ) {
            let mut all = Affixes::default();
            let affixes: Vec<_> = affixes.into_iter().collect();
            for (number, affix) in (0..).zip(&affixes) {
                all.change(affix.as_bytes(), |posting| posting.with(number));
            }
            for value in values {
                let found = all.beginning(value.as_bytes()).flat_map(Posting::as_slice);
                let found: BTreeSet<_> = found.map(|number| &affixes[*number as usize]).collect();
                let expect: BTreeSet<_> = affixes.iter().filter(|affix| value.starts_with(affix.as_str())).collect();
                prop_assert_eq!(found, expect);
            }
        }
    }
}
