//! Signing requests: AWS Signature Version 4 in the Authorization header.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use trainyard_domain::{Timestamp, hex};

use super::Credentials;

/// What a signature leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who signs, and for what: a region and a service, such as `us-east-1` and `ecr`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signer<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

/// What is signed besides the headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) method: &'a Method,
    /// As the Host header will have it.
    pub(super) host: &'a str,
    /// Path and query, encoded as they will be sent.
    pub(super) target: &'a str,
}

impl Signer<'_> {
    /// Adds the host, the date, the digest of the body, the session's token, and the signature over all headers.
    pub(super) fn sign(self, headers: &mut HeaderMap, line: Line<'_>, body: &[u8], now: Timestamp) {
        let date = basic_date(now);
        let payload = hex(&Sha256::digest(body));
        set(headers, "host", line.host);
        set(headers, "x-amz-date", &date);
        set(headers, "x-amz-content-sha256", &payload);
        if let Some(token) = &self.credentials.token {
            set(headers, "x-amz-security-token", token);
        }
        let (names, lines) = canonical_headers(headers);
        let (path, query) = line.target.split_once('?').unwrap_or((line.target, ""));
        let (path, query) = (canonical_path(path, self.service), canonical_query(query));
        let request = format!("{}\n{path}\n{query}\n{lines}\n{names}\n{payload}", line.method);
        let scope = format!("{}/{}/{}/aws4_request", &date[..8], self.region, self.service);
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(request)));
        let first = mac(format!("AWS4{}", self.credentials.secret).as_bytes(), &date[..8]);
        let key = [self.region, self.service, "aws4_request"].iter().fold(first, |key, step| mac(&key, step));
        let signature = hex(&mac(&key, &text));
        let id = &self.credentials.key;
        let value =
            format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
        set(headers, "authorization", &value);
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// `20260102T030405Z`.
fn basic_date(now: Timestamp) -> String {
    now.to_seconds_string().replace(['-', ':'], "")
}

fn canonical_headers(headers: &HeaderMap) -> (String, String) {
    let mut all: Vec<(&str, &str)> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?.trim())))
        .collect();
    all.sort_unstable();
    let names = all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let mut lines = String::new();
    for (name, value) in all {
        let _ = writeln!(lines, "{name}:{value}");
    }
    (names, lines)
}

/// S3's paths are encoded once, those of all others twice.
fn canonical_path(path: &str, service: &str) -> String {
    let path = if path.is_empty() { "/" } else { path };
    if service == "s3" {
        return path.to_owned();
    }
    path.split('/')
        .map(|piece| utf8_percent_encode(piece, UNRESERVED).to_string())
        .collect::<Vec<_>>()
        .join("/")
}

fn canonical_query(query: &str) -> String {
    let encode = |text: &str| {
        let text = percent_decode_str(text).decode_utf8_lossy().into_owned();
        utf8_percent_encode(&text, UNRESERVED).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    #[allow(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected signature is what botocore 1.43 makes of the same request.
    #[test]
    fn signs_as_botocore_does() {
        let credentials = Credentials {
            key: "AKIDEXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            token: Some("a/token+=".to_owned()),
        };
        let signer = Signer { credentials: &credentials, region: "us-east-1", service: "ecr" };
        let mut headers = HeaderMap::new();
        set(&mut headers, "content-type", "application/x-amz-json-1.1");
        let target = "/a%20b/c?x=1%2F2&a=~&empty";
        let line = Line { method: &Method::POST, host: "127.0.0.1:4566", target };
        signer.sign(&mut headers, line, b"{}", Timestamp(1_767_323_045_000));
        assert_eq!(headers["x-amz-date"], "20260102T030405Z");
        let authorization = headers["authorization"].to_str().unwrap();
        let expect = "0bd870dc4ef04ec1318c9510e6c9d065d132351b2fd2ba8f9363cecaccd913bb";
        assert!(authorization.ends_with(expect), "{authorization}");
    }
}
