//! AWS CodeBuild.

mod batch_get_builds;
mod batch_get_projects;
mod create_project;
mod create_webhook;
mod delete_project;
mod delete_source_credentials;
mod delete_webhook;
mod import_source_credentials;
mod list_builds;
mod list_builds_for_project;
mod list_projects;
mod list_source_credentials;
mod start_build;
mod stop_build;
mod update_project;
mod update_webhook;

use crate::{Protocol, Service, operation};

/// The service.
pub static SERVICE: Service = Service {
    signing: "codebuild",
    sdk: "CodeBuild",
    protocol: Protocol::Json { version: "1.1", target: "CodeBuild_20161006", pascal: false },
    invalid: "InvalidInputException",
    times: &["created", "lastModified", "startTime", "endTime", "lastModifiedSecret"],
    maps: &[],
    texts: &[],
    errors: &[
        "AccountLimitExceededException",
        "InvalidInputException",
        "OAuthProviderException",
        "ResourceAlreadyExistsException",
        "ResourceNotFoundException",
    ],
    operations: &[
        operation!(BatchGetBuilds => batch_get_builds::run),
        operation!(BatchGetProjects => batch_get_projects::run),
        operation!(CreateProject => create_project::run),
        operation!(CreateWebhook => create_webhook::run),
        operation!(DeleteProject => delete_project::run),
        operation!(DeleteSourceCredentials => delete_source_credentials::run),
        operation!(DeleteWebhook => delete_webhook::run),
        operation!(ImportSourceCredentials => import_source_credentials::run),
        operation!(ListBuilds => list_builds::run),
        operation!(ListBuildsForProject => list_builds_for_project::run),
        operation!(ListProjects => list_projects::run),
        operation!(ListSourceCredentials => list_source_credentials::run),
        operation!(StartBuild => start_build::run),
        operation!(StopBuild => stop_build::run),
        operation!(UpdateProject => update_project::run),
        operation!(UpdateWebhook => update_webhook::run),
    ],
};

/// Lists of names may hold so many.
/// <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetBuilds.html>
const MOST_NAMES: usize = 100;

fn check_names(member: &str, names: &[String]) -> Result<(), crate::ApiError> {
    if (1..=MOST_NAMES).contains(&names.len()) {
        return Ok(());
    }
    let message = format!("the member `{member}` must name 1 to {MOST_NAMES} things, not {}", names.len());
    Err(crate::ApiError::invalid("InvalidInputException", message))
}

/// The order of a list: the latest first, unless asked otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum SortOrder {
    Ascending,
    #[default]
    Descending,
}
