//! Amazon SageMaker.

mod create_endpoint;
mod create_endpoint_config;
mod create_model;
mod create_model_package;
mod create_model_package_group;
mod create_processing_job;
mod create_training_job;
mod delete_endpoint;
mod delete_endpoint_config;
mod delete_model;
mod delete_model_package;
mod delete_model_package_group;
mod describe_endpoint;
mod describe_endpoint_config;
mod describe_model;
mod describe_model_package;
mod describe_model_package_group;
mod describe_processing_job;
mod describe_training_job;
mod list_endpoint_configs;
mod list_endpoints;
mod list_model_package_groups;
mod list_model_packages;
mod list_models;
mod list_processing_jobs;
mod list_training_jobs;
mod paging;
mod stop_processing_job;
mod stop_training_job;
mod update_endpoint;
mod update_model_package;

use trainyard_services::endpoints::Caller;

use crate::{Context, Protocol, Service, operation};

/// The service.
pub static SERVICE: Service = Service {
    signing: "sagemaker",
    sdk: "SageMaker",
    protocol: Protocol::Json { version: "1.1", target: "SageMaker", pascal: true },
    invalid: "ValidationException",
    times: &[
        "CreationTime",
        "CreationTimeAfter",
        "CreationTimeBefore",
        "EndTime",
        "LastModifiedTime",
        "ProcessingEndTime",
        "ProcessingStartTime",
        "StartTime",
        "Timestamp",
        "TrainingEndTime",
        "TrainingStartTime",
    ],
    maps: &["CustomerMetadataProperties", "Environment", "HyperParameters"],
    texts: &[],
    errors: &["ConflictException", "ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound"],
    operations: &[
        operation!(CreateEndpoint => create_endpoint::run),
        operation!(CreateEndpointConfig => create_endpoint_config::run),
        operation!(CreateModel => create_model::run),
        operation!(CreateModelPackage => create_model_package::run),
        operation!(CreateModelPackageGroup => create_model_package_group::run),
        operation!(CreateProcessingJob => create_processing_job::run),
        operation!(CreateTrainingJob => create_training_job::run),
        operation!(DeleteEndpoint => delete_endpoint::run),
        operation!(DeleteEndpointConfig => delete_endpoint_config::run),
        operation!(DeleteModel => delete_model::run),
        operation!(DeleteModelPackage => delete_model_package::run),
        operation!(DeleteModelPackageGroup => delete_model_package_group::run),
        operation!(DescribeEndpoint => describe_endpoint::run),
        operation!(DescribeEndpointConfig => describe_endpoint_config::run),
        operation!(DescribeModel => describe_model::run),
        operation!(DescribeModelPackage => describe_model_package::run),
        operation!(DescribeModelPackageGroup => describe_model_package_group::run),
        operation!(DescribeProcessingJob => describe_processing_job::run),
        operation!(DescribeTrainingJob => describe_training_job::run),
        operation!(ListEndpointConfigs => list_endpoint_configs::run),
        operation!(ListEndpoints => list_endpoints::run),
        operation!(ListModelPackageGroups => list_model_package_groups::run),
        operation!(ListModelPackages => list_model_packages::run),
        operation!(ListModels => list_models::run),
        operation!(ListProcessingJobs => list_processing_jobs::run),
        operation!(ListTrainingJobs => list_training_jobs::run),
        operation!(StopProcessingJob => stop_processing_job::run),
        operation!(StopTrainingJob => stop_training_job::run),
        operation!(UpdateEndpoint => update_endpoint::run),
        operation!(UpdateModelPackage => update_model_package::run),
    ],
};

/// In whose name an operation reaches the room of endpoints.
fn caller(context: &Context) -> Caller<'_> {
    Caller { principal: &context.principal, scope: &context.scope, token: context.token.as_deref() }
}
