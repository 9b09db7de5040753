//! A checksum for each row, so that a flipped bit is noticed and not served: CRC-32C, eight bytes at a step.

const TABLES: [[u32; 256]; 8] = tables();

/// The sum over the parts. Their lengths count too: moving a byte from one part to the next changes it.
pub(crate) fn of(parts: &[&[u8]]) -> u32 {
    let mut crc = !0;
    for part in parts {
        crc = feed(crc, &(part.len() as u64).to_le_bytes());
        crc = feed(crc, part);
    }
    !crc
}

fn feed(mut crc: u32, bytes: &[u8]) -> u32 {
    let (eights, rest) = bytes.as_chunks::<8>();
    for eight in eights {
        let word = u64::from_le_bytes(*eight) ^ u64::from(crc);
        crc = word
            .to_le_bytes()
            .iter()
            .zip(TABLES.iter().rev())
            .fold(0, |sum, (byte, table)| sum ^ table[usize::from(*byte)]);
    }
    rest.iter().fold(crc, |crc, byte| (crc >> 8) ^ TABLES[0][((crc ^ u32::from(*byte)) & 0xff) as usize])
}

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut n = 0;
    while n < 256 {
        let mut crc = n as u32;
        let mut bit = 0;
        while bit < 8 {
            // The Castagnoli polynomial, bits reversed.
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        tables[0][n] = crc;
        n += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut n = 0;
        while n < 256 {
            let before = tables[table - 1][n];
            tables[table][n] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            n += 1;
        }
        table += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_known_sum() {
        // The check value of CRC-32C, and its first test vector in RFC 3720, B.4.
        assert_eq!(!feed(!0, b"123456789"), 0xe306_9283);
        assert_eq!(!feed(!0, &[0; 32]), 0x8a91_36aa);
    }

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
