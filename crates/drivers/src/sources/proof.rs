//! Whether the sender knows the secret.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use trainyard_domain::hex;

/// The HMAC-SHA256 of the pieces, one after the other, by that key. It takes as long as the pieces are, so that it is
/// made once for a key, however many signatures it is held against.
pub(super) fn mac(key: &[u8], pieces: &[&[u8]]) -> Option<[u8; 32]> {
    // A key of any length is one.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    pieces.iter().for_each(|piece| mac.update(piece));
    Some(mac.finalize().into_bytes().into())
}

/// Whether both are the same. How long that takes says how long they are, and not where they differ.
pub(super) fn is_same(given: &[u8], expect: &[u8]) -> bool {
    bool::from(given.ct_eq(expect))
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
    hex(random)
}
