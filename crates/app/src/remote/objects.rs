//! Objects.

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Answered;
use crate::client::Client;

/// What S3 leaves as it is in a key.
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The object of a URI such as `s3://bucket/key`, whole; none if there is none.
pub(crate) async fn get(client: &Client, uri: &str) -> Answered<Option<Bytes>> {
    let path = format!("/{}", utf8_percent_encode(uri.strip_prefix("s3://").unwrap_or(uri), KEY));
    let answer = client.signed("s3", (Method::GET, &path), HeaderMap::new(), Bytes::new()).await;
    let found = super::there(answer, &["NoSuchKey", "NoSuchBucket", "404 Not Found"])?;
    Ok(found.map(|answer| answer.body))
}
