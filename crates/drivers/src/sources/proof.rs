//! Whether the sender knows the secret.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Whether `signature` is the HMAC-SHA256 of the pieces, one after the other, by that key. The comparison takes the
/// same time wherever they differ.
pub(super) fn is_signed(key: &[u8], pieces: &[&[u8]], signature: &[u8]) -> bool {
    // A key of any length is one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    pieces.iter().for_each(|piece| mac.update(piece));
    mac.verify_slice(signature).is_ok()
}

/// Whether both are the same. How long that takes says how long they are, and nothing else.
pub(super) fn is_same(given: &str, secret: &str) -> bool {
    bool::from(given.as_bytes().ct_eq(secret.as_bytes()))
}

/// The bytes that stand there in hexadecimal digits: 32 of them.
pub(super) fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let digits: Vec<u32> = text.bytes().map(digit).collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks(2).filter_map(|pair| u8::try_from(pair.first()? * 16 + pair.get(1)?).ok()).collect();
    (text.len() == 64).then_some(bytes)?.try_into().ok()
}

/// Random bytes as a text that can stand anywhere, also behind a flag.
pub(super) fn as_text(random: &[u8; 32]) -> String {
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}
