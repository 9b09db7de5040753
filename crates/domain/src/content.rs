//! Large bytes: how they are named, and the pieces they are kept in.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::hex;

/// `sha256:` and 64 lowercase hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// The text is not a digest that we take.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{0}` is not a digest of the form sha256:<64 lowercase hex digits>")]
pub struct NotADigest(pub String);

/// The key of one blob in [`crate::ports::Blobs`]: letters, digits, `-`, `_` and `/`, never a user's text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobKey(String);

/// The text cannot be a blob's key.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{0}` cannot be a blob's key")]
pub struct NotABlobKey(pub String);

/// Bytes that are kept in one or more blobs, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// How many bytes in all.
    pub size: u64,
    /// The pieces. None for no bytes.
    pub parts: Vec<Part>,
}

/// One piece of a [`Content`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Where it is.
    pub blob: BlobKey,
    /// Its length.
    pub size: u64,
}

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self::from_sha256(&sha2::Sha256::digest(bytes))
    }

    /// From the 32 bytes that SHA-256 gives.
    pub fn from_sha256(hash: &[u8]) -> Self {
        Self(format!("sha256:{}", hex(hash)))
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 64 hex digits.
    pub fn hex(&self) -> &str {
        &self.0[7..]
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let hex = text.strip_prefix("sha256:").unwrap_or("");
        let legal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if hex.len() == 64 && hex.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotADigest(text.to_owned()))
        }
    }
}

impl FromStr for BlobKey {
    type Err = NotABlobKey;

    fn from_str(text: &str) -> Result<Self, NotABlobKey> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let whole = !text.is_empty() && text.len() <= 200;
        if whole && text.split('/').all(|piece| !piece.is_empty() && piece.bytes().all(legal)) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotABlobKey(text.to_owned()))
    }
}

impl BlobKey {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;
    fn try_from(text: String) -> Result<Self, NotADigest> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl TryFrom<String> for BlobKey {
    type Error = NotABlobKey;
    fn try_from(text: String) -> Result<Self, NotABlobKey> {
        text.parse()
    }
}

impl From<BlobKey> for String {
    fn from(key: BlobKey) -> Self {
        key.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_strict() {
        let empty = Digest::of(b"");
        assert_eq!(empty.as_str(), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(empty.as_str().parse::<Digest>().unwrap(), empty);
        for bad in ["", "sha256:", "sha256:E3B0", "md5:00", "sha256:../../etc"] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_are_no_paths() {
        for bad in ["", "/a", "a/", "a//b", "../a", "a.b", "a\\b", "a\0"] {
            assert!(bad.parse::<BlobKey>().is_err(), "{bad}");
        }
        assert!("s3/ab-cd_1".parse::<BlobKey>().is_ok());
    }
}
