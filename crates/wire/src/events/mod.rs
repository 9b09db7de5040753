//! Amazon EventBridge.

mod create_api_destination;
mod create_connection;
mod create_event_bus;
mod deauthorize_connection;
mod delete_api_destination;
mod delete_connection;
mod delete_event_bus;
mod delete_rule;
mod describe_api_destination;
mod describe_connection;
mod describe_event_bus;
mod describe_rule;
mod disable_rule;
mod enable_rule;
mod list_api_destinations;
mod list_connections;
mod list_event_buses;
mod list_rules;
mod list_targets_by_rule;
mod put_events;
mod put_rule;
mod put_targets;
mod remove_targets;
mod shape;
mod target;
mod test_event_pattern;
mod update_api_destination;
mod update_connection;

use crate::{Protocol, Service, operation};

/// The service.
pub static SERVICE: Service = Service {
    signing: "events",
    sdk: "EventBridge",
    protocol: Protocol::Json { version: "1.1", target: "AWSEvents", pascal: true },
    invalid: "ValidationException",
    times: &["CreationTime", "LastAuthorizedTime", "LastModifiedTime", "Time"],
    maps: &["InputPathsMap"],
    texts: &["Detail", "EventPattern", "Input"],
    errors: &[
        "AccessDeniedException",
        "ConcurrentModificationException",
        "IllegalStatusException",
        "InternalException",
        "InvalidEventPatternException",
        "InvalidStateException",
        "LimitExceededException",
        "ManagedRuleException",
        "OperationDisabledException",
        "PolicyLengthExceededException",
        "ResourceAlreadyExistsException",
        "ResourceNotFoundException",
        "ThrottlingException",
    ],
    operations: &[
        operation!(CreateApiDestination => create_api_destination::run),
        operation!(CreateConnection => create_connection::run),
        operation!(CreateEventBus => create_event_bus::run),
        operation!(DeauthorizeConnection => deauthorize_connection::run),
        operation!(DeleteApiDestination => delete_api_destination::run),
        operation!(DeleteConnection => delete_connection::run),
        operation!(DeleteEventBus => delete_event_bus::run),
        operation!(DeleteRule => delete_rule::run),
        operation!(DescribeApiDestination => describe_api_destination::run),
        operation!(DescribeConnection => describe_connection::run),
        operation!(DescribeEventBus => describe_event_bus::run),
        operation!(DescribeRule => describe_rule::run),
        operation!(DisableRule => disable_rule::run),
        operation!(EnableRule => enable_rule::run),
        operation!(ListApiDestinations => list_api_destinations::run),
        operation!(ListConnections => list_connections::run),
        operation!(ListEventBuses => list_event_buses::run),
        operation!(ListRules => list_rules::run),
        operation!(ListTargetsByRule => list_targets_by_rule::run),
        operation!(PutEvents => put_events::run),
        operation!(PutRule => put_rule::run),
        operation!(PutTargets => put_targets::run),
        operation!(RemoveTargets => remove_targets::run),
        operation!(TestEventPattern => test_event_pattern::run),
        operation!(UpdateApiDestination => update_api_destination::run),
        operation!(UpdateConnection => update_connection::run),
    ],
};
