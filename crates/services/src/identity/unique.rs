//! Ids in AWS's form, such as `AROA…` for a role.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The id that follows from what it names: `prefix` and 17 letters and digits, the same at every call. (AWS gives a
/// new id to a role that is made again under its old name; here it has the old one.)
pub fn unique_id(prefix: &str, named: &str) -> String {
    spell(prefix, &Sha256::digest(named.as_bytes()), 17)
}

/// `prefix` and `length` letters and digits out of these bytes.
pub(super) fn spell(prefix: &str, bytes: &[u8], length: usize) -> String {
    let letters = bytes.iter().take(length).map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    prefix.chars().chain(letters).collect()
}
