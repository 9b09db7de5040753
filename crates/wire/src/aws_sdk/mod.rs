//! `aws-sdk:<service>:<action>` tasks, and targets of schedules: the server's own operations, called in-process.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html>

mod casing;
mod failure;
mod names;
mod scheduled;
mod texts;

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use serde_json::Value;
use trainyard_domain::{Failure, Kind, Principal, Scope};
use trainyard_services::{
    Services,
    executions::task::{Call, Pattern, Started, Task, TaskError},
};

pub use names::odd_names;

use crate::{
    ApiError, Context, Operation, Service,
    handover::Handover,
    operation, services_table,
    times::{self, Form},
};

/// The task named `aws-sdk`. It holds the rooms weakly, because the rooms hold it.
pub struct AwsSdk {
    services: Weak<Services>,
    base_url: String,
}

impl AwsSdk {
    /// On these rooms; `base_url` is what URLs in answers begin with, such as `http://127.0.0.1:4566`.
    pub fn new(services: Weak<Services>, base_url: impl Into<String>) -> Self {
        Self { services, base_url: base_url.into() }
    }

    /// What an operation is called in: nobody's request, but somebody's principal, scope and token.
    fn context(
        &self,
        services: Arc<Services>,
        service: &'static Service,
        (principal, scope): (Principal, Scope),
        token: String,
    ) -> Context {
        Context {
            services,
            service,
            principal,
            scope,
            base_url: self.base_url.clone(),
            request_id: uuid::Uuid::new_v4().to_string(),
            token: Some(token),
            handover: Handover::default(),
        }
    }

    async fn call(&self, services: Arc<Services>, call: &Call) -> Result<Value, TaskError> {
        let (service, operation) = find(&call.resource).ok_or_else(|| {
            let cause = format!("`{}` is not an operation of this server", call.resource);
            TaskError::Failed(Failure::new("States.Runtime", cause))
        })?;
        let by = (call.principal.clone(), call.scope.clone());
        let context = self.context(services, service, by, call.token.clone());
        match answer(&context, operation, call.parameters.clone()).await {
            Ok(answer) => Ok(answer),
            Err(error) if matches!(error.kind, Kind::Unavailable | Kind::Internal) => {
                Err(TaskError::Trouble(error.to_string()))
            }
            Err(error) => Err(TaskError::Failed(failure::of(service, &error, &context.request_id))),
        }
    }
}

/// The operation's answer, with the names that Step Functions and the Scheduler give to members.
async fn answer(context: &Context, operation: &Operation, members: Value) -> Result<Value, ApiError> {
    let service = context.service;
    let mut input = casing::to_wire(service, members);
    texts::write(&mut input, service.texts);
    let mut answer = operation::call(context, operation, input).await?;
    context.handover.delivered();
    times::write(&mut answer, service.times, Form::Iso);
    Ok(casing::to_sdk(service, answer))
}

#[async_trait]
impl Task for AwsSdk {
    fn resource(&self) -> &'static str {
        "aws-sdk"
    }

    fn takes(&self, pattern: Pattern) -> bool {
        matches!(pattern, Pattern::RequestResponse | Pattern::WaitForTaskToken)
    }

    fn offers(&self, resource: &str) -> bool {
        exists(resource)
    }

    async fn start(&self, call: &Call) -> Result<Started, TaskError> {
        let Some(services) = self.services.upgrade() else {
            return Err(TaskError::Trouble("the server is going down".to_owned()));
        };
        Ok(Started { response: self.call(services, call).await?, subject: None })
    }

    async fn observe(&self, _: &Call, started: &Started) -> Result<Option<Value>, TaskError> {
        Ok(Some(started.response.clone()))
    }

    async fn cancel(&self, _: &Call, _: Option<&Started>) -> Result<(), TaskError> {
        Ok(())
    }
}

/// Whether `aws-sdk:<service>:<action>` names an operation that there is.
pub fn exists(resource: &str) -> bool {
    find(resource).is_some()
}

fn find(resource: &str) -> Option<(&'static Service, &'static Operation)> {
    let (service, action) = resource.strip_prefix("aws-sdk:")?.split_once(':')?;
    let service = services_table::by_sdk_name(service)?;
    Some((service, service.operation(&casing::upper_first(action))?))
}
