//! Presigned URLs of signature version 2, which boto3 and the AWS CLI still make by default where no region is special.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationQueryStringAuth>

use http::request::Parts;
use trainyard_domain::{Region, Timestamp};

use crate::sigv4::query_value;

/// The parameters that make up such a signature.
pub(super) const PARAMETERS: [&str; 4] = ["AWSAccessKeyId", "Signature", "Expires", "x-amz-security-token"];

/// Who says to have signed. Whether it is true is checked by `s3s`.
pub(crate) struct OldQuery {
    pub(super) access_key: String,
    pub(super) token: Option<String>,
    pub(super) expires: Timestamp,
}

impl OldQuery {
    /// The signature, if the request has such a one.
    pub(crate) fn read(parts: &Parts) -> Option<Self> {
        let value = |name| query_value(parts, name);
        let seconds: i64 = value("Signature").and(value("Expires"))?.parse().ok()?;
        let expires = Timestamp(seconds.saturating_mul(1000));
        Some(Self { access_key: value("AWSAccessKeyId")?, token: value("x-amz-security-token"), expires })
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
