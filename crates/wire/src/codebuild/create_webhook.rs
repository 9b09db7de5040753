//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateWebhook.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::Kind;
use trainyard_services::builds::Filter;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    project_name: String,
    #[serde(default)]
    filter_groups: Vec<Vec<Filter>>,
    #[serde(default)]
    build_type: BuildType,
}

/// A push starts one build.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum BuildType {
    #[default]
    Build,
}

#[derive(Serialize)]
pub(super) struct Output {
    webhook: Value,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let builds = &context.services.builds;
    let Input { project_name, filter_groups, build_type: BuildType::Build } = input;
    let there = builds.project(&context.scope, &project_name).await?;
    if there.webhook.is_some() {
        let message = format!("the project {project_name} has a webhook already");
        return Err(ApiError::new(Kind::Exists, "ResourceAlreadyExistsException", message));
    }
    let (by, groups) = (&context.principal, Some(filter_groups));
    let project = builds.put_webhook(&context.scope, by, &project_name, groups).await?;
    Ok(Output { webhook: builds.describe_project(&project)["webhook"].take() })
}
