//! Which bytes of a piece of JSON are quotes, backslashes and brackets: 64 bytes at a time.

use wide::u8x16;

/// How many bytes are compared at once.
pub(super) const LANE: usize = 16;

/// How many bytes are looked at together.
pub(super) const WIDTH: usize = 64;

/// A bit for each byte that is one of these.
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
    pub(super) fn of(bytes: &[u8; WIDTH]) -> Self {
        let (lanes, _) = bytes.as_chunks::<LANE>();
        let lanes = [0, 1, 2, 3].map(|at| u8x16::new(lanes[at]));
        let without_case = lanes.map(|lane| lane & u8x16::splat(WITHOUT_CASE));
        Self {
            quotes: equal(&lanes, b'"'),
            backslashes: equal(&lanes, b'\\'),
            opens: equal(&without_case, b'['),
            closes: equal(&without_case, b']'),
        }
    }
}

/// The quotes and backslashes among sixteen bytes.
pub(super) fn text_ends(bytes: &[u8; LANE]) -> u32 {
    let lane = u8x16::new(*bytes);
    (lane.simd_eq(u8x16::splat(b'"')) | lane.simd_eq(u8x16::splat(b'\\'))).to_bitmask()
}

fn equal(lanes: &[u8x16; 4], byte: u8) -> u64 {
    let bits = lanes.map(|lane| u64::from(lane.simd_eq(u8x16::splat(byte)).to_bitmask()));
    bits[0] | bits[1] << 16 | bits[2] << 32 | bits[3] << 48
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
            }
        }
    }
}
