//! Where an object is, and the rules for names.

use std::{fmt, str::FromStr};

use super::Error;

/// A bucket and a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
}

/// Names that no bucket may have: the first segments of paths that mean something else on our port.
const RESERVED: &[&str] = &["v2", "git", "hooks", "ui", "health", "metrics"];

/// The longest key, in bytes.
const KEY_BYTES: usize = 1024;

impl Place {
    /// That place.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into() }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if (1..=KEY_BYTES).contains(&self.key.len()) { Ok(()) } else { Err(Error::KeyTooLong) }
    }
}

/// `s3://bucket/key`; the key may be empty or end with `/`, where a prefix is meant.
impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let rest = text.strip_prefix("s3://").ok_or_else(|| Error::InvalidUri(text.to_owned()))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        check_bucket(bucket).map_err(|_| Error::InvalidUri(text.to_owned()))?;
        Ok(Self::new(bucket, key))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// Refuses what can be no bucket's name.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
pub fn check_bucket(name: &str) -> Result<(), Error> {
    if RESERVED.contains(&name) {
        let message =
            format!("`{name}` cannot be a bucket's name here: it begins paths of this server's own");
        return Err(Error::InvalidBucketName(message));
    }
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    let bytes = name.as_bytes();
    let shape = (3..=63).contains(&bytes.len()) && bytes.iter().all(|b| legal(*b));
    let edges = edge(bytes.first()) && edge(bytes.last()) && !name.contains("..");
    let address = name.parse::<std::net::Ipv4Addr>().is_ok();
    if shape && edges && !address && !name.starts_with("xn--") {
        return Ok(());
    }
    Err(Error::InvalidBucketName("The specified bucket is not valid.".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names() {
        for good in ["abc", "a.b-c", "sagemaker-us-east-1-000000000000", "0ab"] {
            assert!(check_bucket(good).is_ok(), "{good}");
        }
        for bad in
            ["ab", "", "Abc", "a_b", "-ab", "ab.", "a..b", "127.0.0.1", "v2", "git", "health", "a/b", "xn--a"]
        {
            assert!(check_bucket(bad).is_err(), "{bad}");
        }
        assert!(check_bucket(&"a".repeat(64)).is_err());
    }

    #[test]
    fn uris() {
        let place: Place = "s3://bucket/a/b".parse().unwrap();
        assert_eq!((place.key.as_str(), place.to_string().as_str()), ("a/b", "s3://bucket/a/b"));
        assert_eq!("s3://bucket".parse::<Place>().unwrap().key, "");
        for bad in ["bucket/a", "s3://", "s3:///a", "s3://B/a", "https://bucket/a"] {
            assert!(bad.parse::<Place>().is_err(), "{bad}");
        }
    }
}
