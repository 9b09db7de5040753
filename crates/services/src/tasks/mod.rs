//! The service integrations: one file each, and one line in [`Tasks`].

mod codebuild_start_build;
pub mod events_put_events;
mod http_invoke;
mod sagemaker;
mod sagemaker_create_endpoint;
mod sagemaker_create_endpoint_config;
mod sagemaker_create_model;
mod sagemaker_create_processing_job;
mod sagemaker_create_training_job;
mod sagemaker_update_endpoint;
mod sqs_send_message;
mod states_start_execution;

use std::{collections::HashMap, sync::Arc};

use crate::executions::task::Task;

pub use codebuild_start_build::CodeBuildStartBuild;
pub use http_invoke::{HttpInvoke, Made as HttpCallsMade};
pub use sagemaker_create_endpoint::SageMakerCreateEndpoint;
pub use sagemaker_create_endpoint_config::SageMakerCreateEndpointConfig;
pub use sagemaker_create_model::SageMakerCreateModel;
pub use sagemaker_create_processing_job::SageMakerCreateProcessingJob;
pub use sagemaker_create_training_job::SageMakerCreateTrainingJob;
pub use sagemaker_update_endpoint::SageMakerUpdateEndpoint;
pub use sqs_send_message::SqsSendMessage;
pub use states_start_execution::StatesStartExecution;

/// All integrations there are, by `<service>:<action>`; `aws-sdk` calls go to the one that has the server's own
/// operations.
#[derive(Clone, Default)]
pub struct Tasks {
    by_resource: HashMap<&'static str, Arc<dyn Task>>,
    strict: bool,
}

impl Tasks {
    /// From a list. Two of the same resource: the later one counts.
    pub fn new(tasks: impl IntoIterator<Item = Arc<dyn Task>>) -> Self {
        let by_resource = tasks.into_iter().map(|task| (task.resource(), task)).collect();
        Self { by_resource, strict: false }
    }

    /// The same, with state machines refused that call anything else; otherwise such a call fails when it is made.
    #[must_use]
    pub fn strict(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// Whether state machines that call anything else are refused.
    pub fn are_strict(&self) -> bool {
        self.strict
    }

    /// The integration for `<service>:<action>`, or the one named `aws-sdk` for `aws-sdk:<service>:<action>`.
    pub fn find(&self, resource: &str) -> Option<&Arc<dyn Task>> {
        let name = if resource.starts_with("aws-sdk:") { "aws-sdk" } else { resource };
        self.by_resource.get(name)
    }
}
