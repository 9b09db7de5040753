//! AWS Step Functions.

mod create_activity;
mod create_state_machine;
mod create_state_machine_alias;
mod delete_activity;
mod delete_state_machine;
mod delete_state_machine_alias;
mod delete_state_machine_version;
mod describe_activity;
mod describe_execution;
mod describe_map_run;
mod describe_state_machine;
mod describe_state_machine_alias;
mod describe_state_machine_for_execution;
mod get_activity_task;
mod get_execution_history;
mod list_activities;
mod list_executions;
mod list_map_runs;
mod list_state_machine_aliases;
mod list_state_machine_versions;
mod list_state_machines;
mod list_tags_for_resource;
mod publish_state_machine_version;
mod redrive_execution;
mod send_task_failure;
mod send_task_heartbeat;
mod send_task_success;
mod shape;
mod start_execution;
mod start_sync_execution;
mod stop_execution;
mod tag_resource;
mod test_state;
mod untag_resource;
mod update_map_run;
mod update_state_machine;
mod update_state_machine_alias;
mod validate_state_machine_definition;

use crate::{Protocol, Service, operation};

/// The service.
pub static SERVICE: Service = Service {
    signing: "states",
    sdk: "Sfn",
    protocol: Protocol::Json { version: "1.0", target: "AWSStepFunctions", pascal: false },
    invalid: "ValidationException",
    times: &["creationDate", "redriveDate", "startDate", "stopDate", "timestamp", "updateDate"],
    maps: &["assignedVariables", "variableReferences"],
    texts: &["definition", "input", "output"],
    errors: &[
        "ActivityAlreadyExists",
        "ActivityDoesNotExist",
        "ActivityLimitExceeded",
        "ActivityWorkerLimitExceeded",
        "ConflictException",
        "ExecutionAlreadyExists",
        "ExecutionDoesNotExist",
        "ExecutionLimitExceeded",
        "ExecutionNotRedrivable",
        "InvalidArn",
        "InvalidDefinition",
        "InvalidEncryptionConfiguration",
        "InvalidExecutionInput",
        "InvalidLoggingConfiguration",
        "InvalidName",
        "InvalidOutput",
        "InvalidToken",
        "InvalidTracingConfiguration",
        "KmsAccessDeniedException",
        "KmsInvalidStateException",
        "KmsThrottlingException",
        "MissingRequiredParameter",
        "ResourceNotFound",
        "ServiceQuotaExceededException",
        "StateMachineAlreadyExists",
        "StateMachineDeleting",
        "StateMachineDoesNotExist",
        "StateMachineLimitExceeded",
        "StateMachineTypeNotSupported",
        "TaskDoesNotExist",
        "TaskTimedOut",
        "TooManyTags",
        "ValidationException",
    ],
    operations: &[
        operation!(CreateActivity => create_activity::run),
        operation!(CreateStateMachine => create_state_machine::run),
        operation!(CreateStateMachineAlias => create_state_machine_alias::run),
        operation!(DeleteActivity => delete_activity::run),
        operation!(DeleteStateMachine => delete_state_machine::run),
        operation!(DeleteStateMachineAlias => delete_state_machine_alias::run),
        operation!(DeleteStateMachineVersion => delete_state_machine_version::run),
        operation!(DescribeActivity => describe_activity::run),
        operation!(DescribeExecution => describe_execution::run),
        operation!(DescribeMapRun => describe_map_run::run),
        operation!(DescribeStateMachine => describe_state_machine::run),
        operation!(DescribeStateMachineAlias => describe_state_machine_alias::run),
        operation!(DescribeStateMachineForExecution => describe_state_machine_for_execution::run),
        operation!(GetActivityTask => get_activity_task::run),
        operation!(GetExecutionHistory => get_execution_history::run),
        operation!(ListActivities => list_activities::run),
        operation!(ListExecutions => list_executions::run),
        operation!(ListMapRuns => list_map_runs::run),
        operation!(ListStateMachineAliases => list_state_machine_aliases::run),
        operation!(ListStateMachineVersions => list_state_machine_versions::run),
        operation!(ListStateMachines => list_state_machines::run),
        operation!(ListTagsForResource => list_tags_for_resource::run),
        operation!(PublishStateMachineVersion => publish_state_machine_version::run),
        operation!(RedriveExecution => redrive_execution::run),
        operation!(SendTaskFailure => send_task_failure::run),
        operation!(SendTaskHeartbeat => send_task_heartbeat::run),
        operation!(SendTaskSuccess => send_task_success::run),
        operation!(StartExecution => start_execution::run),
        operation!(StartSyncExecution => start_sync_execution::run),
        operation!(StopExecution => stop_execution::run),
        operation!(TagResource => tag_resource::run),
        operation!(TestState => test_state::run),
        operation!(UntagResource => untag_resource::run),
        operation!(UpdateMapRun => update_map_run::run),
        operation!(UpdateStateMachine => update_state_machine::run),
        operation!(UpdateStateMachineAlias => update_state_machine_alias::run),
        operation!(ValidateStateMachineDefinition => validate_state_machine_definition::run),
    ],
};
