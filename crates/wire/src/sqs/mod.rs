//! Amazon Simple Queue Service: JSON 1.0, and the query protocol of older clients.

mod add_permission;
mod cancel_message_move_task;
mod change_message_visibility;
mod change_message_visibility_batch;
mod create_queue;
mod delete_message;
mod delete_message_batch;
mod delete_queue;
mod get_queue_attributes;
mod get_queue_url;
mod list_dead_letter_source_queues;
mod list_message_move_tasks;
mod list_queue_tags;
mod list_queues;
mod older;
mod purge_queue;
mod receive_message;
mod remove_permission;
mod send_message;
mod send_message_batch;
mod set_queue_attributes;
mod shape;
mod start_message_move_task;
mod tag_queue;
mod untag_queue;

use crate::{Protocol, Service, operation};

/// The service.
pub static SERVICE: Service = Service {
    signing: "sqs",
    sdk: "Sqs",
    protocol: Protocol::JsonOrQuery {
        version: "1.0",
        target: "AmazonSQS",
        namespace: "http://queue.amazonaws.com/doc/2012-11-05/",
        older: &older::SPELLING,
    },
    invalid: "InvalidParameterValueException",
    times: &[],
    maps: &["Attributes", "MessageAttributes", "Tags"],
    texts: &["MessageBody", "Policy", "RedriveAllowPolicy", "RedrivePolicy"],
    errors: &[
        "BatchEntryIdsNotDistinct",
        "BatchRequestTooLong",
        "EmptyBatchRequest",
        "InvalidAddress",
        "InvalidAttributeName",
        "InvalidAttributeValue",
        "InvalidBatchEntryId",
        "InvalidIdFormat",
        "InvalidMessageContents",
        "InvalidSecurity",
        "MessageNotInflight",
        "OverLimit",
        "PurgeQueueInProgress",
        "QueueDeletedRecently",
        "QueueDoesNotExist",
        "QueueNameExists",
        "ReceiptHandleIsInvalid",
        "RequestThrottled",
        "ResourceNotFoundException",
        "TooManyEntriesInBatchRequest",
        "UnsupportedOperation",
    ],
    operations: &[
        operation!(AddPermission => add_permission::run),
        operation!(CancelMessageMoveTask => cancel_message_move_task::run),
        operation!(ChangeMessageVisibility => change_message_visibility::run),
        operation!(ChangeMessageVisibilityBatch => change_message_visibility_batch::run),
        operation!(CreateQueue => create_queue::run),
        operation!(DeleteMessage => delete_message::run),
        operation!(DeleteMessageBatch => delete_message_batch::run),
        operation!(DeleteQueue => delete_queue::run),
        operation!(GetQueueAttributes => get_queue_attributes::run),
        operation!(GetQueueUrl => get_queue_url::run),
        operation!(ListDeadLetterSourceQueues => list_dead_letter_source_queues::run),
        operation!(ListMessageMoveTasks => list_message_move_tasks::run),
        operation!(ListQueueTags => list_queue_tags::run),
        operation!(ListQueues => list_queues::run),
        operation!(PurgeQueue => purge_queue::run),
        operation!(ReceiveMessage => receive_message::run),
        operation!(RemovePermission => remove_permission::run),
        operation!(SendMessage => send_message::run),
        operation!(SendMessageBatch => send_message_batch::run),
        operation!(SetQueueAttributes => set_queue_attributes::run),
        operation!(StartMessageMoveTask => start_message_move_task::run),
        operation!(TagQueue => tag_queue::run),
        operation!(UntagQueue => untag_queue::run),
    ],
};
