//! Trainyard's own service: what AWS has no operation for. The protocol is the one that AWS's services speak, so that
//! signatures, errors and paging are the same.

mod answer_approval;
mod create_hook;
mod delete_hook;
mod deploy_stack;
mod describe_stack;
mod hook;
mod list_approvals;
mod list_hooks;
mod list_recent_events;
mod list_rule_tallies;
mod list_times;
mod list_waiting_jobs;
mod replay_events;
mod replay_execution;
mod rotate_hook;
mod shape;
mod show_execution;
mod stack;
pub mod tail;

use crate::{Protocol, Service, operation};

/// The service.
pub static SERVICE: Service = Service {
    signing: "trainyard",
    sdk: "Trainyard",
    protocol: Protocol::Json { version: "1.1", target: "Trainyard", pascal: true },
    invalid: "ValidationException",
    times: &[
        "AnsweredAt",
        "CreationTime",
        "EnteredTime",
        "LastRotatedTime",
        "LastTime",
        "LastUpdatedTime",
        "RequestedAt",
        "SinceTime",
        "Time",
        "ToldTime",
        "UntilTime",
    ],
    maps: &["Definitions", "Detail", "Event", "Parameters", "Variables"],
    texts: &[],
    errors: &["ConflictException", "ResourceNotFoundException", "ValidationException"],
    operations: &[
        operation!(AnswerApproval => answer_approval::run),
        operation!(CreateHook => create_hook::run),
        operation!(DeleteHook => delete_hook::run),
        operation!(DeployStack => deploy_stack::run),
        operation!(DescribeStack => describe_stack::run),
        operation!(ListApprovals => list_approvals::run),
        operation!(ListHooks => list_hooks::run),
        operation!(ListRecentEvents => list_recent_events::run),
        operation!(ListRuleTallies => list_rule_tallies::run),
        operation!(ListTimes => list_times::run),
        operation!(ListWaitingJobs => list_waiting_jobs::run),
        operation!(ReplayEvents => replay_events::run),
        operation!(ReplayExecution => replay_execution::run),
        operation!(RotateHook => rotate_hook::run),
        operation!(ShowExecution => show_execution::run),
    ],
};
