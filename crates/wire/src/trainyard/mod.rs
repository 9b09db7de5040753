//! Trainyard's own service: what AWS has no operation for. The protocol is the one that AWS's services speak, so that
//! signatures, errors and paging are the same.

mod answer_approval;
mod deploy_stack;
mod describe_stack;
mod list_approvals;
mod list_rule_tallies;
mod list_times;
mod list_waiting_jobs;
mod replay_execution;
mod shape;
mod show_execution;
mod stack;

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
        "LastTime",
        "LastUpdatedTime",
        "RequestedAt",
        "Time",
        "UntilTime",
    ],
    maps: &["Definitions", "Detail", "Event", "Parameters", "Variables"],
    texts: &[],
    errors: &["ConflictException", "ResourceNotFoundException", "ValidationException"],
    operations: &[
        operation!(AnswerApproval => answer_approval::run),
        operation!(DeployStack => deploy_stack::run),
        operation!(DescribeStack => describe_stack::run),
        operation!(ListApprovals => list_approvals::run),
        operation!(ListRuleTallies => list_rule_tallies::run),
        operation!(ListTimes => list_times::run),
        operation!(ListWaitingJobs => list_waiting_jobs::run),
        operation!(ReplayExecution => replay_execution::run),
        operation!(ShowExecution => show_execution::run),
    ],
};
