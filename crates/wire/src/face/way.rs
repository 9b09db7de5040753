//! Where a request goes. Pure.

use http::request::Parts;

use crate::{s3::OldQuery, sigv4};

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It is signed: to the service of its signing scope.
    Signed,
    /// It is not: by the first segment of its path.
    Segment(String),
}

pub(super) fn of(parts: &Parts) -> Way {
    if sigv4::is_signed(parts) || OldQuery::read(parts).is_some() {
        return Way::Signed;
    }
    Way::Segment(parts.uri.path().split('/').nth(1).unwrap_or_default().to_owned())
}
