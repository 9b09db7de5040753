//! Presigned URLs of signature version 2, which boto3 and the AWS CLI still make by default where no region is special.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationQueryStringAuth>

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use sha1::Sha1;
use subtle::ConstantTimeEq;
use trainyard_domain::{Region, Timestamp};

use super::host;
use crate::sigv4::query_value;

/// The parameters that make up such a signature.
pub(super) const PARAMETERS: [&str; 4] = ["AWSAccessKeyId", "Signature", "Expires", "x-amz-security-token"];

/// Parameters that are part of what is signed.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#ConstructingTheCanonicalizedResourceElement>
const SIGNED: [&str; 35] = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// Who says to have signed. Whether it is true is checked here, in constant time, and then by `s3s`, which is not so
/// careful.
pub(crate) struct OldQuery {
    pub(super) access_key: String,
    signature: String,
    pub(super) token: Option<String>,
    pub(super) expires: Timestamp,
}

impl OldQuery {
    /// The signature, if the request has such a one.
    pub(crate) fn read(parts: &Parts) -> Option<Self> {
        let value = |name| query_value(parts, name);
        let seconds: i64 = value("Signature").and(value("Expires"))?.parse().ok()?;
        let expires = Timestamp(seconds.saturating_mul(1000));
        let (access_key, token) = (value("AWSAccessKeyId")?, value("x-amz-security-token"));
        Some(Self { access_key, signature: value("Signature")?, token, expires })
    }

    /// Whether the signature was made with `secret` over this request. How long it takes tells nothing of the right
    /// one.
    pub(super) fn is_of(&self, parts: &Parts, secret: &str) -> bool {
        #[allow(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key of any length");
        mac.update(signed_text(parts).as_bytes());
        let right = STANDARD.encode(mac.finalize().into_bytes());
        right.as_bytes().ct_eq(self.signature.as_bytes()).into()
    }

    /// The session's token stands in the query, and was signed as a header: `s3s` must find it there.
    pub(super) fn show_token(parts: &mut Parts) {
        let token = Self::read(parts).and_then(|old| old.token).and_then(|token| token.parse().ok());
        if let Some(token) = token {
            parts.headers.insert("x-amz-security-token", token);
        }
    }

    /// The signature names no region; an object is where its bucket is.
    pub(super) fn region() -> Region {
        Region::default_region()
    }
}

/// What is signed. The session's token must stand in the headers already.
fn signed_text(parts: &Parts) -> String {
    let header = |name: &str| {
        let values = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.map(str::trim).collect::<Vec<_>>().join(",")
    };
    let expires = query_value(parts, "Expires").unwrap_or_default();
    let mut text =
        format!("{}\n{}\n{}\n{expires}\n", parts.method, header("content-md5"), header("content-type"));
    let mut own: Vec<&str> = parts
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("x-amz-"))
        .collect();
    own.sort_unstable();
    for name in own {
        text += &format!("{name}:{}\n", header(name));
    }
    let host = parts.headers.get("host").and_then(|host| host.to_str().ok());
    if let Some(bucket) = host.and_then(host::bucket) {
        text += &format!("/{bucket}");
    }
    text += parts.uri.path();
    let mut before = '?';
    for name in SIGNED {
        let Some(value) = parameter(parts, name) else { continue };
        text.push(before);
        text += name;
        if !value.is_empty() {
            text += &format!("={value}");
        }
        before = '&';
    }
    text
}

/// A parameter, decoded as a form's, that need have no value.
fn parameter(parts: &Parts, name: &str) -> Option<String> {
    let pairs = parts.uri.query().unwrap_or_default().split('&');
    let mut named = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = named.find(|(key, _)| *key == name)?;
    Some(percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn check(method: &str, uri: &str, host: &str, secret: &str, expect: bool) {
        let request = http::Request::builder().method(method).uri(uri).header("host", host);
        let mut parts = request.body(()).unwrap().into_parts().0;
        OldQuery::show_token(&mut parts);
        assert_eq!(OldQuery::read(&parts).unwrap().is_of(&parts, secret), expect, "{method} {uri}");
    }

    /// URLs that botocore made.
    #[test]
    fn what_botocore_signs_is_accepted_and_nothing_else() {
        let tail = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=kgdBfIi6Sc2HlhArV%2B%2FzJn%2FN9eI%3D&Expires=1175139620";
        let query = "partNumber=2&uploadId=a%2Bb&response-content-type=text%2Fplain";
        let uri = format!("/bucket/photos/puppy%20a.jpg?{query}&{tail}");
        check("GET", &uri, "localhost:4566", SECRET, true);
        check("GET", &format!("/photos/puppy%20a.jpg?{query}&{tail}"), "bucket.localhost", SECRET, true);
        check("PUT", &uri, "localhost:4566", SECRET, false);
        check("GET", &uri, "localhost:4566", "another", false);
        check("GET", &uri.replace("kgdB", "kgdC"), "localhost:4566", SECRET, false);
        check("GET", &uri.replace("kgdB", ""), "localhost:4566", SECRET, false);
        check("GET", &uri.replace("puppy", "kitten"), "localhost:4566", SECRET, false);
        check("GET", &uri.replace("uploadId=a", "uploadId=b"), "localhost:4566", SECRET, false);
        check("GET", &uri.replace("1175139620", "1975139620"), "localhost:4566", SECRET, false);
        check("GET", &format!("{uri}&acl"), "localhost:4566", SECRET, false);
    }

    #[test]
    fn the_sessions_token_is_signed() {
        let made = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=BSUG98Guanx%2BZ8wuG%2F3qbuljmOc%3D&x-amz-security-token=a%2Ftoken&Expires=1175139620";
        let uri = format!("/bucket/k?{made}");
        check("GET", &uri, "localhost:4566", SECRET, true);
        check("GET", &uri.replace("a%2Ftoken", "b%2Ftoken"), "localhost:4566", SECRET, false);
    }
}
