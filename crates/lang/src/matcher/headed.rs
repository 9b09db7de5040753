//! Bytes as keys whose first eight stand beside them: two of them are nearly always told apart without a look at more.

use std::{cmp::Ordering, sync::Arc};

/// So many bytes are in a head.
const HEAD: usize = 8;

/// A key that is kept.
pub(super) type Kept = Headed<Arc<[u8]>>;

/// Bytes, in the order of bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Headed<B> {
    /// The first eight, the first of them highest; zeros for those that are not there.
    head: u64,
    pub(super) bytes: B,
}

impl<B: AsRef<[u8]>> Headed<B> {
    #[inline]
    pub(super) fn new(bytes: B) -> Self {
        let all = bytes.as_ref();
        let head =
            all.first_chunk::<HEAD>().map_or_else(|| short_head(all), |first| u64::from_be_bytes(*first));
        Self { head, bytes }
    }

    /// How this one stands to the other. Two short ones with the same head differ in zeros at the end, if at all.
    #[inline]
    pub(super) fn order<C: AsRef<[u8]>>(&self, other: &Headed<C>) -> Ordering {
        let (these, those) = (self.bytes.as_ref(), other.bytes.as_ref());
        self.head.cmp(&other.head).then_with(|| match these.len().max(those.len()) {
            ..=HEAD => these.len().cmp(&those.len()),
            _ => these.cmp(those),
        })
    }
}

/// Of fewer than eight bytes.
#[inline]
fn short_head(bytes: &[u8]) -> u64 {
    bytes.iter().fold((0, 64), |(head, place), byte| (head | u64::from(*byte) << (place - 8), place - 8)).0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_is_that_of_the_bytes(
            shared in "[\0a]{0,9}", one in "[\0a]{0,3}", other in "[\0a]{0,3}",
        ) {
            let (one, other) = (format!("{shared}{one}"), format!("{shared}{other}"));
            let (one, other) = (one.as_bytes(), other.as_bytes());
            let kept = |bytes: &[u8]| Kept::new(Arc::from(bytes));
            prop_assert_eq!(kept(one).order(&Headed::new(other)), one.cmp(other));
            prop_assert_eq!(kept(one).cmp(&kept(other)), one.cmp(other));
        }
    }
}
