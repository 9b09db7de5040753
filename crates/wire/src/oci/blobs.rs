//! Pulling and deleting blobs.

use std::ops::Range;

use axum::{body::Body, response::Response};
use http::{Method, StatusCode, header};
use trainyard_domain::content::Digest;
use trainyard_services::images::Error;

use super::{Call, OciError, empty, with};

pub(super) async fn get(call: &Call<'_>, digest: &Digest) -> Result<Response, OciError> {
    let images = call.images;
    let content = images.blob(&call.caller.scope, call.repository, digest).await?.content;
    let asked = call.parts.headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let range = match asked.map(|asked| range(asked, content.size)) {
        Some(Asked::Part(range)) => Some(range),
        Some(Asked::Outside) => {
            return Err(Error::BadRange { from: 0, to: 0, size: content.size }.into());
        }
        Some(Asked::Whole) | None => None,
    };
    let mut headers = vec![
        ("content-type", "application/octet-stream".to_owned()),
        ("docker-content-digest", digest.to_string()),
        ("accept-ranges", "bytes".to_owned()),
        ("etag", format!("\"{digest}\"")),
        ("cache-control", "max-age=31536000".to_owned()),
    ];
    let status = match &range {
        Some(range) => {
            headers
                .push(("content-range", format!("bytes {}-{}/{}", range.start, range.end - 1, content.size)));
            headers.push(("content-length", (range.end - range.start).to_string()));
            StatusCode::PARTIAL_CONTENT
        }
        None => {
            headers.push(("content-length", content.size.to_string()));
            StatusCode::OK
        }
    };
    if call.parts.method == Method::HEAD {
        return Ok(empty(status, &headers));
    }
    let bytes = images.read(&content, range)?;
    Ok(with(status, &headers, Body::from_stream(bytes)))
}

pub(super) async fn delete(call: &Call<'_>, digest: &Digest) -> Result<Response, OciError> {
    call.images.delete_blob(&call.caller.scope, call.repository, digest).await?;
    Ok(empty(StatusCode::ACCEPTED, &[]))
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// No range, or a form that may be passed over.
    Whole,
    Part(Range<u64>),
    Outside,
}

/// Reads `bytes=0-9`, `bytes=10-` and `bytes=-5`. More than one range at once may be answered as a whole.
/// <https://www.rfc-editor.org/rfc/rfc9110#section-14.2>
fn range(header: &str, size: u64) -> Asked {
    let Some(spec) = header.trim().strip_prefix("bytes=") else { return Asked::Whole };
    let Some((first, last)) = spec.trim().split_once('-').filter(|_| !spec.contains(',')) else {
        return Asked::Whole;
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(last)) if first.is_empty() => size.saturating_sub(last)..size,
        _ => return Asked::Whole,
    };
    if range.start < range.end { Asked::Part(range) } else { Asked::Outside }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let check = |header: &str, expect: Asked| assert_eq!(range(header, 10), expect, "{header}");
        check("bytes=0-9", Asked::Part(0..10));
        check("bytes=2-3", Asked::Part(2..4));
        check("bytes=2-99", Asked::Part(2..10));
        check("bytes=7-", Asked::Part(7..10));
        check("bytes=-3", Asked::Part(7..10));
        check("bytes=-30", Asked::Part(0..10));
        check("bytes=10-", Asked::Outside);
        check("bytes=-0", Asked::Outside);
        check("bytes=5-4", Asked::Whole);
        check("bytes=0-1,3-4", Asked::Whole);
        check("lines=0-1", Asked::Whole);
        check(&format!("bytes=0-{}", u64::MAX), Asked::Part(0..10));
    }
}
