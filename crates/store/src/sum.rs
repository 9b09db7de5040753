//! A checksum for each row, so that a flipped bit is noticed and not served.

use trainyard_domain::crc::Crc;

/// The sum over the parts. Their lengths count too: moving a byte from one part to the next changes it.
pub(crate) fn of(parts: &[&[u8]]) -> u32 {
    let mut crc = Crc::default();
    for part in parts {
        crc.feed(&(part.len() as u64).to_le_bytes()).feed(part);
    }
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_every_flipped_bit_and_moved_byte() {
        let body = b"a document of some length, not a multiple of 8".to_vec();
        let whole = of(&[&body]);
        for bit in 0..body.len() * 8 {
            let mut flipped = body.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(of(&[&flipped]), whole, "bit {bit}");
        }
        assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
    }
}
