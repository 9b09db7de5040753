//! `sagemaker:updateEndpoint`.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::sagemaker;
use crate::{
    endpoints::Endpoints,
    executions::task::{Call, Pattern, Started, Task, TaskError},
};

/// The task.
pub struct SageMakerUpdateEndpoint(pub Endpoints);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Parameters {
    endpoint_name: String,
    endpoint_config_name: String,
}

#[async_trait]
impl Task for SageMakerUpdateEndpoint {
    fn resource(&self) -> &'static str {
        "sagemaker:updateEndpoint"
    }

    fn takes(&self, pattern: Pattern) -> bool {
        pattern == Pattern::RequestResponse
    }

    async fn start(&self, call: &Call) -> Result<Started, TaskError> {
        let asked: Parameters = sagemaker::request(call)?;
        let (name, config) = (&asked.endpoint_name, &asked.endpoint_config_name);
        let made = self.0.update(sagemaker::caller(call), name, config).await;
        let made = made.map_err(|error| sagemaker::refused(&error, call))?;
        Ok(Started { response: sagemaker::answered(json!({"EndpointArn": made.arn}), call), subject: None })
    }

    async fn observe(&self, _: &Call, started: &Started) -> Result<Option<Value>, TaskError> {
        Ok(Some(started.response.clone()))
    }

    async fn cancel(&self, _: &Call, _: Option<&Started>) -> Result<(), TaskError> {
        Ok(())
    }
}
