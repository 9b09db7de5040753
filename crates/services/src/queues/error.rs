//! What queues refuse, in SQS's names and words.

use trainyard_domain::Kind;
use trainyard_store::Error as StoreError;

use crate::refusal::{Refusal, store_code};

/// Why a queue refuses. The codes are the names of the errors' shapes; the face that speaks the query protocol knows
/// their older names.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such queue.
    #[error("The specified queue does not exist.")]
    NoQueue,
    /// There is such a queue, with another value of this attribute.
    #[error("A queue already exists with the same name and a different value for attribute {0}")]
    Exists(&'static str),
    /// The policy of the queue does not let them in.
    #[error("Access to the resource {0} is denied.")]
    Denied(String),
    /// An attribute that there is not.
    #[error("Unknown Attribute {0}.")]
    NoAttribute(String),
    /// A value that the attribute cannot have.
    #[error("Invalid value for the parameter {attribute}.{reason}")]
    AttributeValue {
        /// The attribute.
        attribute: String,
        /// Why, as a sentence after a space; or nothing.
        reason: String,
    },
    /// A parameter that must be there.
    #[error("The request must contain the parameter {0}.")]
    Missing(&'static str),
    /// A value that a parameter cannot have: the whole message.
    #[error("{0}")]
    Invalid(String),
    /// The receipt handle is none that was given for the queue.
    #[error("The input receipt handle is invalid.")]
    Handle,
    /// The message is not in flight.
    #[error(
        "Value {0} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."
    )]
    NotInFlight(String),
    /// The message holds a character that cannot be in one.
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    Characters,
    /// A batch without entries.
    #[error("There should be at least one {0} in the request.")]
    EmptyBatch(&'static str),
    /// A batch with too many.
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    LongBatch(usize),
    /// Entries with the same id.
    #[error("Id {0} repeated.")]
    SameIds(String),
    /// An entry whose id cannot be one.
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    EntryId,
    /// A batch with too many bytes.
    #[error("Batch requests cannot be longer than {most} bytes. You have sent {sent} bytes.")]
    LargeBatch {
        /// So many there may be.
        most: usize,
        /// So many there are.
        sent: usize,
    },
    /// What this kind of queue does not do: the whole message.
    #[error("{0}")]
    Unsupported(String),
    /// There is no such move of messages, or it is over.
    #[error("{0}")]
    NoMove(String),
    /// As many messages are in flight as may be.
    #[error("{0} messages of the queue are in flight, and no more may be: delete those that are done with")]
    OverLimit(u64),
    /// Somebody else changed the same thing at the same time.
    #[error("the queue was changed at the same time, try again")]
    Concurrent,
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoQueue | Self::NoMove(_) => Kind::NotFound,
            Self::Exists(_) => Kind::Exists,
            Self::Denied(_) => Kind::Forbidden,
            Self::Concurrent => Kind::Conflict,
            Self::NoAttribute(_)
            | Self::AttributeValue { .. }
            | Self::Missing(_)
            | Self::Invalid(_)
            | Self::Handle
            | Self::NotInFlight(_)
            | Self::Characters
            | Self::EmptyBatch(_)
            | Self::LongBatch(_)
            | Self::SameIds(_)
            | Self::EntryId
            | Self::LargeBatch { .. }
            | Self::OverLimit(_)
            | Self::Unsupported(_) => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoQueue => "QueueDoesNotExist",
            Self::Exists(_) => "QueueNameExists",
            Self::Denied(_) => "AccessDeniedException",
            Self::NoAttribute(_) => "InvalidAttributeName",
            Self::AttributeValue { .. } => "InvalidAttributeValue",
            Self::Missing(_) => "MissingRequiredParameterException",
            Self::Invalid(_) | Self::NotInFlight(_) => "InvalidParameterValueException",
            Self::Handle => "ReceiptHandleIsInvalid",
            Self::Characters => "InvalidMessageContents",
            Self::EmptyBatch(_) => "EmptyBatchRequest",
            Self::LongBatch(_) => "TooManyEntriesInBatchRequest",
            Self::SameIds(_) => "BatchEntryIdsNotDistinct",
            Self::EntryId => "InvalidBatchEntryId",
            Self::LargeBatch { .. } => "BatchRequestTooLong",
            Self::Unsupported(_) => "UnsupportedOperation",
            Self::NoMove(_) => "ResourceNotFoundException",
            Self::OverLimit(_) => "OverLimit",
            Self::Concurrent => "RequestThrottled",
            Self::Store(error) if error.kind() == Kind::Invalid => "InvalidParameterValueException",
            Self::Store(error) => store_code(error),
        }
    }
}

impl Error {
    /// A parameter's value that breaks a rule, in SQS's words.
    pub(super) fn parameter(value: impl std::fmt::Display, name: &str, reason: &str) -> Self {
        Self::Invalid(format!("Value {value} for parameter {name} is invalid. Reason: {reason}"))
    }
}
