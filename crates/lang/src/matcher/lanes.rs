//! Which bytes of a piece of JSON are quotes, backslashes and brackets, 64 bytes at a time; and which end a number or a
//! word, 16 at a time.

use wide::u8x16;

/// How many bytes are compared at once.
pub(super) const LANE: usize = 16;

/// How many bytes are looked at together.
pub(super) const WIDTH: usize = 64;

/// A bit for each byte that is one of these.
#[derive(Default)]
pub(super) struct Marks {
    pub(super) quotes: u64,
    pub(super) backslashes: u64,
    /// `[` and `{`.
    pub(super) opens: u64,
    /// `]` and `}`.
    pub(super) closes: u64,
}

/// `[` and `{` differ in this bit only, as `]` and `}` do.
const WITHOUT_CASE: u8 = 0xdf;

impl Marks {
    /// A plain loop: the closures of an array's `map` stay calls, which cost more than all comparing.
    #[inline]
    pub(super) fn of(bytes: &[u8; WIDTH]) -> Self {
        let mut marks = Self::default();
        for (at, lane) in bytes.as_chunks::<LANE>().0.iter().enumerate() {
            let lane = u8x16::new(*lane);
            let without_case = lane & u8x16::splat(WITHOUT_CASE);
            let first = at * LANE;
            marks.quotes |= equal(lane, b'"') << first;
            marks.backslashes |= equal(lane, b'\\') << first;
            marks.opens |= equal(without_case, b'[') << first;
            marks.closes |= equal(without_case, b']') << first;
        }
        marks
    }
}

/// The quotes and backslashes among sixteen bytes.
#[inline]
pub(super) fn text_ends(bytes: &[u8; LANE]) -> u32 {
    let lane = u8x16::new(*bytes);
    (lane.simd_eq(u8x16::splat(b'"')) | lane.simd_eq(u8x16::splat(b'\\'))).to_bitmask()
}

/// Where a number, `true`, `false` or `null` may end: the commas, closing brackets and white space among sixteen bytes.
#[inline]
pub(super) fn plain_ends(bytes: &[u8; LANE]) -> u32 {
    let lane = u8x16::new(*bytes);
    let is = |byte| lane.simd_eq(u8x16::splat(byte));
    let closes = (lane & u8x16::splat(WITHOUT_CASE)).simd_eq(u8x16::splat(b']'));
    (closes | is(b',') | is(b' ') | is(b'\n') | is(b'\r') | is(b'\t')).to_bitmask()
}

#[inline]
fn equal(lane: u8x16, byte: u8) -> u64 {
    u64::from(lane.simd_eq(u8x16::splat(byte)).to_bitmask())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_byte_is_marked_for_what_it_is(bytes in prop::collection::vec(any::<u8>(), WIDTH)) {
            let bytes: [u8; WIDTH] = bytes.try_into().unwrap();
            let marks = Marks::of(&bytes);
            for (at, byte) in bytes.iter().enumerate() {
                let bit = |marks: u64| marks >> at & 1 == 1;
                prop_assert_eq!(bit(marks.quotes), *byte == b'"');
                prop_assert_eq!(bit(marks.backslashes), *byte == b'\\');
                prop_assert_eq!(bit(marks.opens), b"[{".contains(byte));
                prop_assert_eq!(bit(marks.closes), b"]}".contains(byte));
            }
            let first: [u8; 16] = bytes[..16].try_into().unwrap();
            for (at, byte) in first.iter().enumerate() {
                prop_assert_eq!(text_ends(&first) >> at & 1 == 1, b"\"\\".contains(byte));
                prop_assert_eq!(plain_ends(&first) >> at & 1 == 1, b",]} \n\r\t".contains(byte));
            }
        }
    }
}
