//! The digests that senders and receivers compare: MD5, because SQS has it so. Pure.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use sha2::Sha256;
use trainyard_domain::hex;

use super::Attribute;

/// Of a body.
pub(super) fn of_body(body: &str) -> String {
    hex(&Md5::digest(body))
}

/// The MD5 of attributes: names in order, each part with its length before it. None if there are none.
pub fn of_attributes(attributes: &BTreeMap<String, Attribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut hash = Md5::new();
    let part = |hash: &mut Md5, bytes: &[u8]| {
        // A message is far shorter than 4 GiB.
        hash.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(bytes);
    };
    for (name, attribute) in attributes {
        part(&mut hash, name.as_bytes());
        part(&mut hash, attribute.data_type.as_bytes());
        match &attribute.binary_value {
            Some(encoded) => {
                hash.update([2]);
                part(&mut hash, &STANDARD.decode(encoded).unwrap_or_default());
            }
            None => {
                hash.update([1]);
                part(&mut hash, attribute.string_value.as_deref().unwrap_or_default().as_bytes());
            }
        }
    }
    Some(hex(&hash.finalize()))
}

/// The deduplication id of a body without one of its own.
pub(super) fn of_content(body: &str) -> String {
    hex(&Sha256::digest(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_known_by_their_md5() {
        assert_eq!(of_body("hello"), "5d41402abc4b2a76b9719d911017c592");
        assert_eq!(of_attributes(&BTreeMap::new()), None);
    }
}
