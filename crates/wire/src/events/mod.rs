//! Amazon EventBridge.

mod archive;
mod cancel_replay;
mod create_api_destination;
mod create_archive;
mod create_connection;
mod create_event_bus;
mod deauthorize_connection;
mod delete_api_destination;
mod delete_archive;
mod delete_connection;
mod delete_event_bus;
mod delete_rule;
mod describe_api_destination;
mod describe_archive;
mod describe_connection;
mod describe_event_bus;
mod describe_replay;
mod describe_rule;
mod disable_rule;
mod enable_rule;
mod endpoints;
mod list_api_destinations;
mod list_archives;
mod list_connections;
mod list_event_buses;
mod list_replays;
mod list_rule_names_by_target;
mod list_rules;
mod list_tags_for_resource;
mod list_targets_by_rule;
mod partner_sources;
mod put_events;
mod put_permission;
mod put_rule;
mod put_targets;
mod remove_permission;
mod remove_targets;
mod replay;
mod shape;
mod start_replay;
mod tag_resource;
mod target;
mod test_event_pattern;
mod untag_resource;
mod update_api_destination;
mod update_archive;
mod update_connection;
mod update_event_bus;

use crate::{Protocol, Service, operation};

/// The service.
pub static SERVICE: Service = Service {
    signing: "events",
    sdk: "EventBridge",
    protocol: Protocol::Json { version: "1.1", target: "AWSEvents", pascal: true },
    invalid: "ValidationException",
    times: &[
        "CreationTime",
        "EventEndTime",
        "EventLastReplayedTime",
        "EventStartTime",
        "LastAuthorizedTime",
        "LastModifiedTime",
        "ReplayEndTime",
        "ReplayStartTime",
        "Time",
    ],
    maps: &["InputPathsMap"],
    texts: &["Detail", "EventPattern", "Input", "Policy"],
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
        operation!(ActivateEventSource => partner_sources::find),
        operation!(CancelReplay => cancel_replay::run),
        operation!(CreateApiDestination => create_api_destination::run),
        operation!(CreateArchive => create_archive::run),
        operation!(CreateConnection => create_connection::run),
        operation!(CreateEndpoint => endpoints::create),
        operation!(CreateEventBus => create_event_bus::run),
        operation!(CreatePartnerEventSource => partner_sources::act),
        operation!(DeactivateEventSource => partner_sources::find),
        operation!(DeauthorizeConnection => deauthorize_connection::run),
        operation!(DeleteApiDestination => delete_api_destination::run),
        operation!(DeleteArchive => delete_archive::run),
        operation!(DeleteConnection => delete_connection::run),
        operation!(DeleteEndpoint => endpoints::find),
        operation!(DeleteEventBus => delete_event_bus::run),
        operation!(DeletePartnerEventSource => partner_sources::act),
        operation!(DeleteRule => delete_rule::run),
        operation!(DescribeApiDestination => describe_api_destination::run),
        operation!(DescribeArchive => describe_archive::run),
        operation!(DescribeConnection => describe_connection::run),
        operation!(DescribeEndpoint => endpoints::find),
        operation!(DescribeEventBus => describe_event_bus::run),
        operation!(DescribeEventSource => partner_sources::find),
        operation!(DescribePartnerEventSource => partner_sources::find),
        operation!(DescribeReplay => describe_replay::run),
        operation!(DescribeRule => describe_rule::run),
        operation!(DisableRule => disable_rule::run),
        operation!(EnableRule => enable_rule::run),
        operation!(ListApiDestinations => list_api_destinations::run),
        operation!(ListArchives => list_archives::run),
        operation!(ListConnections => list_connections::run),
        operation!(ListEndpoints => endpoints::list),
        operation!(ListEventBuses => list_event_buses::run),
        operation!(ListEventSources => partner_sources::list),
        operation!(ListPartnerEventSourceAccounts => partner_sources::find_of),
        operation!(ListPartnerEventSources => partner_sources::list_made),
        operation!(ListReplays => list_replays::run),
        operation!(ListRuleNamesByTarget => list_rule_names_by_target::run),
        operation!(ListRules => list_rules::run),
        operation!(ListTagsForResource => list_tags_for_resource::run),
        operation!(ListTargetsByRule => list_targets_by_rule::run),
        operation!(PutEvents => put_events::run),
        operation!(PutPartnerEvents => partner_sources::act),
        operation!(PutPermission => put_permission::run),
        operation!(PutRule => put_rule::run),
        operation!(PutTargets => put_targets::run),
        operation!(RemovePermission => remove_permission::run),
        operation!(RemoveTargets => remove_targets::run),
        operation!(StartReplay => start_replay::run),
        operation!(TagResource => tag_resource::run),
        operation!(TestEventPattern => test_event_pattern::run),
        operation!(UntagResource => untag_resource::run),
        operation!(UpdateApiDestination => update_api_destination::run),
        operation!(UpdateArchive => update_archive::run),
        operation!(UpdateConnection => update_connection::run),
        operation!(UpdateEndpoint => endpoints::find),
        operation!(UpdateEventBus => update_event_bus::run),
    ],
};
