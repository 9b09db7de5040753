//! Amazon CloudWatch Logs. Its times are milliseconds on the wire too.

mod create_log_group;
mod delete_log_group;
mod delete_resource_policy;
mod delete_retention_policy;
mod describe_log_groups;
mod describe_log_streams;
mod describe_resource_policies;
mod filter_log_events;
mod get_log_events;
mod list_tags_for_resource;
mod naming;
mod put_resource_policy;
mod put_retention_policy;
mod tag_resource;
mod untag_resource;

use crate::{Protocol, Service, operation};

/// The service.
pub static SERVICE: Service = Service {
    signing: "logs",
    sdk: "CloudWatchLogs",
    protocol: Protocol::Json { version: "1.1", target: "Logs_20140328", pascal: false },
    invalid: "InvalidParameterException",
    times: &[],
    maps: &["tags"],
    texts: &[],
    errors: &[
        "InvalidParameterException",
        "LimitExceededException",
        "OperationAbortedException",
        "ResourceAlreadyExistsException",
        "ResourceNotFoundException",
        "ServiceUnavailableException",
        "TooManyTagsException",
        "UnrecognizedClientException",
    ],
    operations: &[
        operation!(CreateLogGroup => create_log_group::run),
        operation!(DeleteLogGroup => delete_log_group::run),
        operation!(DeleteResourcePolicy => delete_resource_policy::run),
        operation!(DeleteRetentionPolicy => delete_retention_policy::run),
        operation!(DescribeLogGroups => describe_log_groups::run),
        operation!(DescribeLogStreams => describe_log_streams::run),
        operation!(DescribeResourcePolicies => describe_resource_policies::run),
        operation!(FilterLogEvents => filter_log_events::run),
        operation!(GetLogEvents => get_log_events::run),
        operation!(ListTagsForResource => list_tags_for_resource::run),
        operation!(PutResourcePolicy => put_resource_policy::run),
        operation!(PutRetentionPolicy => put_retention_policy::run),
        operation!(TagResource => tag_resource::run),
        operation!(UntagResource => untag_resource::run),
    ],
};
