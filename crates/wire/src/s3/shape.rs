//! Small pieces of S3's shapes.

use s3s::dto::{self, ETag, Timestamp};
use trainyard_domain::Principal;
use trainyard_services::artifacts::Headers;

/// A time as `s3s` has it, in whole seconds, as S3 keeps them.
pub(super) fn time(at: trainyard_domain::Timestamp) -> Timestamp {
    let seconds = u64::try_from(at.millis().div_euclid(1000)).unwrap_or(0);
    Timestamp::from(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds))
}

/// An ETag as `s3s` has it.
pub(super) fn etag(text: &str) -> ETag {
    ETag::Strong(text.to_owned())
}

/// A size as the API has it.
pub(super) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Who owns what is listed: the account.
pub(super) fn owner(principal: &Principal) -> dto::Owner {
    dto::Owner { display_name: None, id: Some(principal.account.to_string()) }
}

/// A key as a listing writes it: percent-encoded when the client asks for that.
pub(super) fn key(text: &str, encoding: Option<&dto::EncodingType>) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const URL: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*').remove(b'/').remove(b'~');
    match encoding {
        Some(encoding) if encoding.as_str() == dto::EncodingType::URL => {
            utf8_percent_encode(text, URL).to_string()
        }
        _ => text.to_owned(),
    }
}

/// `Expires` as text.
pub(super) fn expires(time: &Timestamp) -> Option<String> {
    let mut text = Vec::new();
    time.format(dto::TimestampFormat::HttpDate, &mut text).ok()?;
    String::from_utf8(text).ok()
}

/// `Expires` as time.
pub(super) fn expires_time(headers: &Headers) -> Option<Timestamp> {
    Timestamp::parse(dto::TimestampFormat::HttpDate, headers.expires.as_deref()?).ok()
}

/// What a client says of an object, out of an input that has these members.
macro_rules! headers {
    ($input:expr) => {
        trainyard_services::artifacts::Headers {
            content_type: $input.content_type.clone(),
            cache_control: $input.cache_control.clone(),
            content_disposition: $input.content_disposition.clone(),
            content_encoding: $input.content_encoding.as_deref().and_then(crate::s3::shape::without_chunking),
            content_language: $input.content_language.clone(),
            expires: $input.expires.as_ref().and_then(crate::s3::shape::expires),
            user: $input.metadata.clone().unwrap_or_default().into_iter().collect(),
        }
    };
}
pub(super) use headers;

/// `Content-Encoding` without `aws-chunked`, which is the request's and not the object's.
pub(super) fn without_chunking(text: &str) -> Option<String> {
    let rest: Vec<&str> = text.split(',').map(str::trim).filter(|part| *part != "aws-chunked").collect();
    let rest = rest.join(",");
    (!rest.is_empty()).then_some(rest)
}

/// The type of an object whose client said none.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
pub(super) const UNTYPED: &str = "binary/octet-stream";
