//! What a running server tells, as plain data: read through its APIs, with AWS's own operations where there are some.

pub(crate) mod approvals;
pub(crate) mod builds;
pub(crate) mod endpoints;
pub(crate) mod events;
pub(crate) mod executions;
pub(crate) mod history;
pub(crate) mod hooks;
pub(crate) mod images;
pub(crate) mod jobs;
pub(crate) mod logs;
pub(crate) mod looks;
pub(crate) mod objects;
pub(crate) mod registry;
pub(crate) mod rules;
pub(crate) mod schedules;
pub(crate) mod stacks;
pub(crate) mod subject;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::{Client, ClientError};

/// What a question to the server gives.
pub(crate) type Answered<T> = Result<T, ClientError>;

/// A JSON API of the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Api {
    /// The name that requests are signed for.
    signing: &'static str,
    /// What `X-Amz-Target` begins with.
    target: &'static str,
}

const CODEBUILD: Api = Api { signing: "codebuild", target: "CodeBuild_20161006" };
const ECR: Api = Api { signing: "ecr", target: "AmazonEC2ContainerRegistry_V20150921" };
const LOGS: Api = Api { signing: "logs", target: "Logs_20140328" };
const SAGEMAKER: Api = Api { signing: "sagemaker", target: "SageMaker" };
const STATES: Api = Api { signing: "states", target: "AWSStepFunctions" };
const TRAINYARD: Api = Api { signing: "trainyard", target: "Trainyard" };

impl Api {
    /// Calls one operation.
    async fn ask<T: DeserializeOwned>(self, client: &Client, operation: &str, input: Value) -> Answered<T> {
        let answer = client.call(self.signing, &format!("{}.{operation}", self.target), &input).await?;
        serde_json::from_value(answer).map_err(|error| odd(client, operation, &error))
    }

    /// Calls a list operation until its last page and gathers the items in that member.
    async fn all<T: DeserializeOwned>(
        self,
        client: &Client,
        operation: &str,
        mut input: Value,
        member: &str,
    ) -> Answered<Vec<T>> {
        let mut items = Vec::new();
        loop {
            let mut page: Value = self.ask(client, operation, input.clone()).await?;
            let here: Vec<T> = serde_json::from_value(page[member].take())
                .map_err(|error| odd(client, operation, &error))?;
            items.extend(here);
            let token = ["NextToken", "nextToken"].into_iter().find_map(|name| {
                let token = page.get(name).filter(|token| token.is_string())?;
                Some((name, token.clone()))
            });
            let Some((name, token)) = token else { return Ok(items) };
            input[name] = token;
        }
    }
}

/// An answer that is not what the operation promises.
fn odd(client: &Client, operation: &str, error: &serde_json::Error) -> ClientError {
    ClientError::Unreachable {
        authority: client.authority().to_owned(),
        reason: format!("it answers {operation} oddly: {error}"),
    }
}

/// `None` where the server says by one of these codes that there is no such thing, or that the name cannot be one.
fn there<T>(answer: Answered<T>, absent: &[&str]) -> Answered<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code().is_some_and(|code| absent.contains(&code)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The last piece of an ARN or a name.
pub(crate) fn last(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}
