//! The checksum of a whole object out of its parts' checksums.
//!
//! A CRC of two texts, one after the other, follows from both CRCs and the second's length: the first is shifted by as
//! many zero bytes, by squaring the matrix of one shift (as in zlib's `crc32_combine`; the matrices are bits over
//! GF(2)). Initial value and final inversion cancel out.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::checksum::Algorithm;

/// The bit-reversed polynomial and the width in bits; `None` for what is no CRC.
fn polynomial(algorithm: Algorithm) -> Option<(u64, usize)> {
    match algorithm {
        Algorithm::Crc32 => Some((0xEDB8_8320, 32)),
        Algorithm::Crc32c => Some((0x82F6_3B78, 32)),
        Algorithm::Crc64Nvme => Some((0x9A6C_9329_AC4B_C9B5, 64)),
        Algorithm::Sha1 | Algorithm::Sha256 => None,
    }
}

/// The checksum of all parts, given each one's in Base64 and its length. `None` if a part's is not well-formed or
/// the algorithm has no such thing.
pub(super) fn of_parts(algorithm: Algorithm, parts: &[(String, u64)]) -> Option<String> {
    let (polynomial, width) = polynomial(algorithm)?;
    let mut whole = None;
    for (text, length) in parts {
        let bytes = STANDARD.decode(text).ok()?;
        if bytes.len() * 8 != width {
            return None;
        }
        let crc = bytes.iter().fold(0_u64, |crc, byte| crc << 8 | u64::from(*byte));
        whole = Some(whole.map_or(crc, |before| shift(before, *length, polynomial, width) ^ crc));
    }
    let bytes = whole?.to_be_bytes();
    Some(STANDARD.encode(&bytes[8 - width / 8..]))
}

/// The CRC after so many zero bytes.
fn shift(mut crc: u64, mut bytes: u64, polynomial: u64, width: usize) -> u64 {
    // One zero bit: the lowest bit becomes the polynomial, all others move down.
    let mut matrix: Vec<u64> =
        (0..width).map(|bit| if bit == 0 { polynomial } else { 1 << (bit - 1) }).collect();
    for _ in 0..3 {
        matrix = squared(&matrix);
    }
    while bytes > 0 {
        if bytes & 1 == 1 {
            crc = times(&matrix, crc);
        }
        matrix = squared(&matrix);
        bytes >>= 1;
    }
    crc
}

fn squared(matrix: &[u64]) -> Vec<u64> {
    matrix.iter().map(|column| times(matrix, *column)).collect()
}

fn times(matrix: &[u64], vector: u64) -> u64 {
    let columns = matrix.iter().enumerate().filter(|(bit, _)| vector >> bit & 1 == 1);
    columns.fold(0, |sum, (_, column)| sum ^ column)
}

#[cfg(test)]
mod tests {
    use super::{super::checksum::of_bytes, *};

    #[test]
    fn parts_make_the_whole() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n * 7 % 251) as u8).collect();
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            for cuts in [vec![0], vec![1], vec![5000, 5001, 70_000], vec![100_000]] {
                let mut parts = Vec::new();
                let mut start = 0;
                for end in cuts.iter().copied().chain([bytes.len()]) {
                    parts.push((of_bytes(algorithm, &bytes[start..end]), (end - start) as u64));
                    start = end;
                }
                assert_eq!(
                    of_parts(algorithm, &parts),
                    Some(of_bytes(algorithm, &bytes)),
                    "{algorithm:?} {cuts:?}"
                );
            }
        }
        assert_eq!(of_parts(Algorithm::Sha1, &[(of_bytes(Algorithm::Sha1, b"a"), 1)]), None);
        assert_eq!(of_parts(Algorithm::Crc32, &[("AAA=".to_owned(), 1)]), None);
    }
}
