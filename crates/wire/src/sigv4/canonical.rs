//! The canonical form of a request, which is what is signed.

use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same for paths, whose slashes stay.
const PATH: &AsciiSet = &ENCODED.remove(b'/');

/// The canonical request.
pub(super) fn request(parts: &Parts, signed_headers: &[String], payload_hash: &str) -> String {
    let mut text = String::with_capacity(512);
    text.push_str(parts.method.as_str());
    text.push('\n');
    text.push_str(&path(parts.uri.path()));
    text.push('\n');
    text.push_str(&query(parts.uri.query().unwrap_or_default()));
    text.push('\n');
    for name in signed_headers {
        text.push_str(name);
        text.push(':');
        header_values(parts, name, &mut text);
        text.push('\n');
    }
    text.push('\n');
    join(signed_headers.iter().map(String::as_str), ';', &mut text);
    text.push('\n');
    text.push_str(payload_hash);
    text
}

/// The first value of a query parameter, decoded.
pub(crate) fn query_value(parts: &Parts, name: &str) -> Option<String> {
    let pairs = parts.uri.query()?.split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| decoded(value))
}

/// The path with `.` and `..` and empty segments taken out, encoded once more than the client sent it.
fn path(raw: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in raw.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    let mut clean = format!("/{}", segments.join("/"));
    if raw.ends_with('/') && clean.len() > 1 {
        clean.push('/');
    }
    utf8_percent_encode(&clean, PATH).to_string()
}

fn query(raw: &str) -> String {
    let mut pairs: Vec<(String, String)> = raw
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| *name != "X-Amz-Signature")
        .map(|(name, value)| (encoded(&decoded(name)), encoded(&decoded(value))))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Adds all values under the name, joined by commas, inner runs of blanks made one.
fn header_values(parts: &Parts, name: &str, text: &mut String) {
    for (at, value) in parts.headers.get_all(name).iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        join(String::from_utf8_lossy(value.as_bytes()).split_ascii_whitespace(), ' ', text);
    }
}

fn join<'t>(texts: impl Iterator<Item = &'t str>, between: char, text: &mut String) {
    for (at, part) in texts.enumerate() {
        if at > 0 {
            text.push(between);
        }
        text.push_str(part);
    }
}

pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}
