//! What the room refuses.

use trainyard_domain::{Kind, ports::DriverError};

use crate::refusal::{Refusal, store_code};

/// Why the room refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such bucket.
    #[error("The specified bucket does not exist")]
    NoBucket,
    /// There is no such object.
    #[error("The specified key does not exist.")]
    NoKey,
    /// There is no such upload.
    #[error(
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
         completed."
    )]
    NoUpload,
    /// Somebody else has a bucket of this name.
    #[error(
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. \
         Please select a different name and try again."
    )]
    BucketTaken,
    /// The caller has it already.
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketYours,
    /// There are objects or uploads in it.
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty,
    /// It is another account's.
    #[error("Access Denied")]
    Forbidden,
    /// A name breaks a rule.
    #[error("{0}")]
    InvalidBucketName(String),
    /// The key is longer than 1024 bytes, or empty.
    #[error("Your key is too long")]
    KeyTooLong,
    /// It is no `s3://bucket/key`.
    #[error("`{0}` is not of the form s3://bucket/key")]
    InvalidUri(String),
    /// A condition of the request does not hold.
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed,
    /// Others change the same object again and again.
    #[error("The conditional request cannot succeed due to a conflicting operation against this resource.")]
    Conflict,
    /// A part that is named was not uploaded, or is another.
    #[error(
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the \
         specified entity tag may not match the part's entity tag."
    )]
    InvalidPart,
    /// Parts are not in ascending order.
    #[error("The list of parts was not in ascending order. Parts must be ordered by part number.")]
    InvalidPartOrder,
    /// A part that is not the last has less than 5 MiB.
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall,
    /// Something else breaks a rule.
    #[error("{0}")]
    Invalid(String),
    /// The bytes' trouble.
    #[error("{0}")]
    Bytes(DriverError),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] trainyard_store::Error),
}

impl From<DriverError> for Error {
    fn from(error: DriverError) -> Self {
        Self::Bytes(error)
    }
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoBucket | Self::NoKey | Self::NoUpload => Kind::NotFound,
            Self::BucketTaken | Self::BucketYours => Kind::Exists,
            Self::BucketNotEmpty | Self::Conflict | Self::PreconditionFailed => Kind::Conflict,
            Self::Forbidden => Kind::Forbidden,
            Self::InvalidBucketName(_)
            | Self::KeyTooLong
            | Self::InvalidUri(_)
            | Self::InvalidPart
            | Self::InvalidPartOrder
            | Self::EntityTooSmall
            | Self::Invalid(_) => Kind::Invalid,
            Self::Bytes(error) => error.kind,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoBucket => "NoSuchBucket",
            Self::NoKey => "NoSuchKey",
            Self::NoUpload => "NoSuchUpload",
            Self::BucketTaken => "BucketAlreadyExists",
            Self::BucketYours => "BucketAlreadyOwnedByYou",
            Self::BucketNotEmpty => "BucketNotEmpty",
            Self::Forbidden => "AccessDenied",
            Self::InvalidBucketName(_) => "InvalidBucketName",
            Self::KeyTooLong => "KeyTooLongError",
            Self::InvalidUri(_) => "InvalidURI",
            Self::PreconditionFailed => "PreconditionFailed",
            Self::Conflict => "ConditionalRequestConflict",
            Self::InvalidPart => "InvalidPart",
            Self::InvalidPartOrder => "InvalidPartOrder",
            Self::EntityTooSmall => "EntityTooSmall",
            Self::Invalid(_) => "InvalidRequest",
            Self::Bytes(error) if error.kind == Kind::Unavailable => "ServiceUnavailable",
            Self::Bytes(_) => "InternalError",
            Self::Store(error) => store_code(error),
        }
    }
}
