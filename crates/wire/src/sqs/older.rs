//! How the query protocol spells what SQS's JSON has.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html>

use crate::{FlatMap, Older};

pub(super) static SPELLING: Older = Older {
    path_member: "QueueUrl",
    lists_in: &[
        ("AttributeName", "AttributeNames"),
        ("MessageAttributeName", "MessageAttributeNames"),
        ("MessageSystemAttributeName", "MessageSystemAttributeNames"),
        ("TagKey", "TagKeys"),
        ("AWSAccountId", "AWSAccountIds"),
        ("ActionName", "Actions"),
        ("SendMessageBatchRequestEntry", "Entries"),
        ("DeleteMessageBatchRequestEntry", "Entries"),
        ("ChangeMessageVisibilityBatchRequestEntry", "Entries"),
    ],
    lists_out: &[
        ("Messages", "Message"),
        ("Results", "{action}ResultEntry"),
        ("QueueUrls", "QueueUrl"),
        ("queueUrls", "QueueUrl"),
        ("Failed", "BatchResultErrorEntry"),
        ("Successful", "{action}ResultEntry"),
    ],
    maps: &[
        FlatMap { flat: "Attribute", member: "Attributes", key: "Name" },
        FlatMap { flat: "MessageAttribute", member: "MessageAttributes", key: "Name" },
        FlatMap { flat: "MessageSystemAttribute", member: "MessageSystemAttributes", key: "Name" },
        FlatMap { flat: "Tag", member: "Tags", key: "Key" },
    ],
    codes: &[
        ("AccessDeniedException", "AccessDenied"),
        ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
        ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
        ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
        ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"),
        ("InvalidParameterValueException", "InvalidParameterValue"),
        ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
        ("MissingRequiredParameterException", "MissingParameter"),
        ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
        ("QueueNameExists", "QueueAlreadyExists"),
        ("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
        ("UnknownOperationException", "InvalidAction"),
        ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"),
    ],
};
