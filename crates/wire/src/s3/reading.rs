//! Which bytes of an object a request wants, if any: ranges, parts and conditions.

use s3s::{
    S3Error, S3ErrorCode, S3Result,
    dto::{ETagCondition, Range, Timestamp},
};
use trainyard_services::artifacts::Object;

use super::{error, shape};

/// The conditions of a read or of a copy's source.
#[derive(Default)]
pub(super) struct Conditions<'a> {
    pub(super) matches: Option<&'a ETagCondition>,
    pub(super) none_match: Option<&'a ETagCondition>,
    pub(super) modified_since: Option<&'a Timestamp>,
    pub(super) unmodified_since: Option<&'a Timestamp>,
}

impl Conditions<'_> {
    /// Refuses with `PreconditionFailed` or `NotModified`. What ETags say goes before what times say.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
    pub(super) fn check(&self, object: &Object) -> S3Result<()> {
        let (etag, modified) = (shape::etag(&object.etag), shape::time(object.modified));
        let is = |condition: &ETagCondition| match condition {
            ETagCondition::Any => true,
            ETagCondition::ETag(stated) => stated.value() == etag.value(),
        };
        let failed = || Err(precondition());
        match (self.matches, self.unmodified_since) {
            (Some(condition), _) if !is(condition) => return failed(),
            (None, Some(since)) if modified > *since => return failed(),
            _ => {}
        }
        match (self.none_match, self.modified_since) {
            (Some(condition), _) if is(condition) => Err(S3Error::new(S3ErrorCode::NotModified)),
            (None, Some(since)) if modified <= *since => Err(S3Error::new(S3ErrorCode::NotModified)),
            _ => Ok(()),
        }
    }

    /// The same for the source of a copy, where all refusals are `PreconditionFailed`.
    pub(super) fn check_source(&self, object: &Object) -> S3Result<()> {
        self.check(object).map_err(|_| precondition())
    }
}

fn precondition() -> S3Error {
    let message = "At least one of the pre-conditions you specified did not hold";
    S3Error::with_message(S3ErrorCode::PreconditionFailed, message)
}

/// The bytes that are wanted, and the `Content-Range` if they are not all.
pub(super) fn wanted(
    object: &Object,
    range: Option<&Range>,
    part: Option<i32>,
) -> S3Result<(std::ops::Range<u64>, Option<String>)> {
    let size = object.content.size;
    let wanted = match (range, part) {
        (Some(_), Some(_)) => {
            return Err(error::invalid("Cannot specify both Range header and partNumber query parameter"));
        }
        (None, None) => return Ok((0..size, None)),
        (Some(range), None) => range.check(size).map_err(|_| unsatisfiable())?,
        (None, Some(number)) => piece(object, number)?,
    };
    let shown =
        (wanted.start < wanted.end).then(|| format!("bytes {}-{}/{size}", wanted.start, wanted.end - 1));
    Ok((wanted, shown))
}

/// One of the pieces that the object was uploaded in.
fn piece(object: &Object, number: i32) -> S3Result<std::ops::Range<u64>> {
    let at =
        usize::try_from(number).ok().and_then(|number| number.checked_sub(1)).ok_or_else(unsatisfiable)?;
    if object.pieces.is_empty() && at == 0 {
        return Ok(0..object.content.size);
    }
    let piece = object.pieces.get(at).ok_or_else(unsatisfiable)?;
    let start: u64 = object.pieces[..at].iter().map(|piece| piece.size).sum();
    Ok(start..start + piece.size)
}

pub(super) fn unsatisfiable() -> S3Error {
    S3Error::with_message(S3ErrorCode::InvalidRange, "The requested range is not satisfiable")
}
