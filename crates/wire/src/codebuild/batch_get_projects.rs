//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetProjects.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_services::builds::Error;

use super::check_names;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    names: Vec<String>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    projects: Vec<Value>,
    projects_not_found: Vec<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    check_names("names", &input.names)?;
    let builds = &context.services.builds;
    let mut output = Output::default();
    for name in input.names {
        match builds.project(&context.scope, &name).await {
            Ok(project) => output.projects.push(builds.describe_project(&project)),
            Err(Error::NoProject(_)) => output.projects_not_found.push(name),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(output)
}
