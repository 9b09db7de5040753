//! The same operations as targets of schedules.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html>

use async_trait::async_trait;
use trainyard_domain::Kind;
use trainyard_services::schedules::{Call, CallError, Caller};

use super::{AwsSdk, answer, exists, find};
use crate::ApiError;

#[async_trait]
impl Caller for AwsSdk {
    fn offers(&self, service: &str, action: &str) -> bool {
        exists(&resource(service, action))
    }

    async fn call(&self, call: &Call) -> Result<(), CallError> {
        let services = self.services.upgrade().ok_or_else(|| CallError {
            code: "ServiceUnavailable".to_owned(),
            message: "the server is going down".to_owned(),
            retry: true,
        })?;
        let (service, operation) = find(&resource(&call.service, &call.action)).ok_or_else(|| CallError {
            code: "UnknownOperationException".to_owned(),
            message: format!("this server has no operation {}:{}", call.service, call.action),
            retry: false,
        })?;
        let by = (call.principal.clone(), call.scope.clone());
        let context = self.context(services, service, by, call.token.clone());
        let answer = answer(&context, operation, call.input.clone()).await.map_err(refused)?;
        // Of several events some may be refused: AWS counts that as a failure of the target.
        match answer["FailedEntryCount"].as_u64() {
            None | Some(0) => Ok(()),
            Some(_) => Err(CallError {
                code: "FailedEntry".to_owned(),
                message: answer["Entries"].to_string(),
                retry: false,
            }),
        }
    }
}

fn resource(service: &str, action: &str) -> String {
    format!("aws-sdk:{service}:{action}")
}

fn refused(error: ApiError) -> CallError {
    let retry = match error.kind {
        Kind::Busy | Kind::Unavailable | Kind::Timeout | Kind::Internal | Kind::Conflict => true,
        Kind::Invalid | Kind::NotFound | Kind::Exists | Kind::Forbidden | Kind::Unauthenticated => false,
    };
    CallError { code: error.code.into_owned(), message: error.message, retry }
}
