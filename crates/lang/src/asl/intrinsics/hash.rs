//! `States.Hash(data, algorithm)`: the digest in hex.

use std::fmt::Write as _;

use md5::Md5;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::argument::{TEXT_LIMIT, text};
use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    let data = match &arguments[0] {
        Value::String(text) => text.clone(),
        Value::Null => return Err("The data must not be null".to_owned()),
        other => other.to_string(),
    };
    if data.chars().count() > TEXT_LIMIT {
        return Err(format!("The data is longer than {TEXT_LIMIT} characters"));
    }
    digest(&data, text(arguments, 1)?).map(Value::from)
}

/// The digest of a text, in hex.
pub(crate) fn digest(data: &str, algorithm: &str) -> Result<String, String> {
    match algorithm {
        "MD5" => Ok(hex::<Md5>(data)),
        "SHA-1" => Ok(hex::<Sha1>(data)),
        "SHA-256" => Ok(hex::<Sha256>(data)),
        "SHA-384" => Ok(hex::<Sha384>(data)),
        "SHA-512" => Ok(hex::<Sha512>(data)),
        other => Err(format!("'{other}' is none of the algorithms MD5, SHA-1, SHA-256, SHA-384, SHA-512")),
    }
}

fn hex<D: Digest>(data: &str) -> String {
    let mut text = String::new();
    for byte in D::digest(data.as_bytes()) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
