//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetBuilds.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_services::builds::Error;

use super::check_names;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    ids: Vec<String>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    builds: Vec<Value>,
    builds_not_found: Vec<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    check_names("ids", &input.ids)?;
    let builds = &context.services.builds;
    let mut output = Output::default();
    for id in input.ids {
        match builds.build(&context.scope, &id).await {
            Ok(build) => output.builds.push(builds.describe(&build)),
            Err(Error::NoBuild(_)) => output.builds_not_found.push(id),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(output)
}
