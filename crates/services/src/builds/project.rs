//! Projects, in CodeBuild's shapes. A member that is not here is refused by name.
//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Project.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope, Timestamp, job::Resources};
use trainyard_store::{Keys, Noun};

use super::{
    Error, Webhook,
    source::{Origin, elsewhere_name},
};

/// A project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Where.
    pub scope: Scope,
    /// Its name, unique in the scope.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What is built.
    pub source: Source,
    /// Which version of it, where a build does not say.
    pub source_version: Option<String>,
    /// What is kept of a build: nothing.
    pub artifacts: Artifacts,
    /// What is kept between builds: nothing.
    pub cache: Cache,
    /// What it is built in.
    pub environment: Environment,
    /// The role that a build acts as.
    pub service_role: Arn,
    /// After which a build is stopped.
    pub timeout_in_minutes: u32,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Where a build's lines go.
    pub logs_config: Option<LogsConfig>,
    /// What pushes start builds.
    pub webhook: Option<Webhook>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub modified: Timestamp,
    /// How many builds it has had.
    pub builds: u64,
}

/// CreateProject's and UpdateProject's members.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectRequest {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What is built.
    pub source: Option<Source>,
    /// Which version of it, where a build does not say.
    pub source_version: Option<String>,
    /// What is kept of a build.
    pub artifacts: Option<Artifacts>,
    /// What is kept between builds.
    pub cache: Option<Cache>,
    /// What it is built in.
    pub environment: Option<Environment>,
    /// The role that a build acts as.
    pub service_role: Option<String>,
    /// After which a build is stopped.
    pub timeout_in_minutes: Option<u32>,
    /// Tags.
    pub tags: Option<Vec<Tag>>,
    /// Where a build's lines go.
    pub logs_config: Option<LogsConfig>,
    /// Whether there is a badge; there is none here.
    pub badge_enabled: Option<bool>,
}

/// What is built.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// Whose host: `GITHUB` and others mean a git repository, `NO_SOURCE` means none.
    #[serde(rename = "type")]
    pub kind: String,
    /// The repository's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The buildspec, or its path in the source; `buildspec.yml` where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buildspec: Option<String>,
    /// How much of the history a build needs. All of it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_clone_depth: Option<u32>,
    /// Whether the host is told of a build's end; it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_build_status: Option<bool>,
    /// Whether certificates go unchecked; they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure_ssl: Option<bool>,
}

/// What is kept of a build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Artifacts {
    /// `NO_ARTIFACTS`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What is kept between builds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cache {
    /// `NO_CACHE`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What it is built in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Environment {
    /// `LINUX_CONTAINER` or `ARM_CONTAINER`: this machine, either way.
    #[serde(rename = "type")]
    pub kind: String,
    /// `aws/codebuild/…`: the host's shell.
    pub image: String,
    /// How large.
    pub compute_type: String,
    /// Variables.
    #[serde(default)]
    pub environment_variables: Vec<Variable>,
    /// Whether docker can be used: as far as the host has it.
    #[serde(default)]
    pub privileged_mode: bool,
    /// With whose credentials the image is pulled; none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_credentials_type: Option<String>,
}

/// An environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// `PLAINTEXT`.
    #[serde(rename = "type", default = "plaintext")]
    pub kind: String,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tag {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Where a build's lines go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogsConfig {
    /// To the log service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs: Option<CloudWatchLogs>,
    /// To S3: they do not.
    #[serde(rename = "s3Logs", skip_serializing_if = "Option::is_none")]
    pub s3_logs: Option<Switch>,
}

/// To the log service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudWatchLogs {
    /// `ENABLED`.
    pub status: String,
    /// The group; `/aws/codebuild/<project>` where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
}

/// A thing that can only be off here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Switch {
    /// `DISABLED`.
    pub status: String,
}

fn plaintext() -> String {
    "PLAINTEXT".to_owned()
}

impl Default for Artifacts {
    fn default() -> Self {
        Self { kind: "NO_ARTIFACTS".to_owned() }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self { kind: "NO_CACHE".to_owned() }
    }
}

impl Project {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        arn(&self.scope, &self.name)
    }

    /// Where a build's lines go.
    pub fn log_group(&self) -> String {
        let named = self.logs_config.as_ref().and_then(|c| c.cloud_watch_logs.as_ref()?.group_name.clone());
        named.unwrap_or_else(|| format!("/aws/codebuild/{}", self.name))
    }

    /// Takes over what the request names, and checks what comes of it.
    pub(super) fn take(&mut self, request: ProjectRequest) -> Result<(), Error> {
        if request.badge_enabled == Some(true) {
            return Err(unsupported("badgeEnabled", "leave it out"));
        }
        let keep = |new: Option<String>, old: &mut Option<String>| {
            if let Some(new) = new {
                *old = Some(new).filter(|text| !text.is_empty());
            }
        };
        keep(request.description, &mut self.description);
        keep(request.source_version, &mut self.source_version);
        request.source.into_iter().for_each(|source| self.source = source);
        request.artifacts.into_iter().for_each(|artifacts| self.artifacts = artifacts);
        request.cache.into_iter().for_each(|cache| self.cache = cache);
        request.environment.into_iter().for_each(|environment| self.environment = environment);
        request.timeout_in_minutes.into_iter().for_each(|minutes| self.timeout_in_minutes = minutes);
        request.tags.into_iter().for_each(|tags| self.tags = tags);
        request.logs_config.into_iter().for_each(|logs| self.logs_config = Some(logs));
        if let Some(role) = request.service_role {
            self.service_role = role_arn(&self.scope, &role)?;
        }
        self.check()
    }

    fn check(&self) -> Result<(), Error> {
        let Self { name, source, environment, artifacts, cache, logs_config, .. } = self;
        check_name(name)?;
        source.check()?;
        environment.check()?;
        check_timeout(self.timeout_in_minutes)?;
        only(
            "artifacts.type",
            &artifacts.kind,
            "NO_ARTIFACTS",
            "copy what is to be kept to S3 in the buildspec",
        )?;
        only("cache.type", &cache.kind, "NO_CACHE", "image layers are cached without it")?;
        if let Some(LogsConfig { cloud_watch_logs, s3_logs }) = logs_config {
            if let Some(logs) = cloud_watch_logs {
                only("logsConfig.cloudWatchLogs.status", &logs.status, "ENABLED", "the log is always kept")?;
            }
            if let Some(logs) = s3_logs {
                only(
                    "logsConfig.s3Logs.status",
                    &logs.status,
                    "DISABLED",
                    "the log is kept in its log group",
                )?;
            }
        }
        if self.account_of_role() != self.scope.account.as_str() {
            return Err(Error::Invalid(format!("{} is not a role of this account", self.service_role)));
        }
        Ok(())
    }

    fn account_of_role(&self) -> &str {
        &self.service_role.account
    }
}

impl Source {
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.report_build_status == Some(true) {
            return Err(unsupported("source.reportBuildStatus", "there is nobody to report to"));
        }
        if self.insecure_ssl == Some(true) {
            return Err(unsupported(
                "source.insecureSsl",
                "trust the host's certificate instead (SSL_CERT_FILE)",
            ));
        }
        Origin::of(self).map(drop)
    }
}

impl Environment {
    pub(super) fn check(&self) -> Result<(), Error> {
        if !matches!(self.kind.as_str(), "LINUX_CONTAINER" | "ARM_CONTAINER") {
            return Err(unsupported(
                &format!("environment.type {}", self.kind),
                "use LINUX_CONTAINER or ARM_CONTAINER",
            ));
        }
        if !self.image.starts_with("aws/codebuild/") {
            return Err(Error::Invalid(format!(
                "the build image `{}` needs a container runtime, which builds do not use here: name a curated image such as aws/codebuild/standard:7.0, which means this machine's own shell",
                self.image
            )));
        }
        if self.image_pull_credentials_type.as_deref().is_some_and(|kind| kind != "CODEBUILD") {
            return Err(unsupported(
                "environment.imagePullCredentialsType",
                "use CODEBUILD, no image is pulled",
            ));
        }
        self.resources()?;
        self.environment_variables.iter().try_for_each(Variable::check)
    }

    /// What a build may use.
    /// <https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-compute-types.html>
    pub(super) fn resources(&self) -> Result<Resources, Error> {
        let (cpus, gib) = match self.compute_type.as_str() {
            "BUILD_GENERAL1_SMALL" => (2, 3),
            "BUILD_GENERAL1_MEDIUM" => (4, 7),
            "BUILD_GENERAL1_LARGE" => (8, 15),
            "BUILD_GENERAL1_XLARGE" => (36, 70),
            "BUILD_GENERAL1_2XLARGE" => (72, 144),
            other => {
                let what = format!("environment.computeType {other}");
                return Err(unsupported(
                    &what,
                    "use BUILD_GENERAL1_SMALL, _MEDIUM, _LARGE, _XLARGE or _2XLARGE",
                ));
            }
        };
        Ok(Resources { cpu_millis: cpus * 1000, memory_bytes: gib << 30, gpus: 0 })
    }
}

impl Variable {
    pub(super) fn check(&self) -> Result<(), Error> {
        let Self { name, value, kind } = self;
        if kind != "PLAINTEXT" {
            return Err(unsupported(&format!("the type {kind} of the variable `{name}`"), "use PLAINTEXT"));
        }
        let mut bytes = name.bytes();
        let legal = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !legal || value.contains('\0') {
            return Err(Error::Invalid(format!("`{name}` cannot be an environment variable of that value")));
        }
        if name.starts_with("CODEBUILD_") {
            return Err(Error::Invalid(format!(
                "the variable `{name}` is CodeBuild's own: choose another name"
            )));
        }
        Ok(())
    }
}

/// The ARN of the project of that name.
pub(super) fn arn(scope: &Scope, name: &str) -> Arn {
    Arn::new("codebuild", scope, format!("project/{name}"))
}

/// The role whose ARN must stand here: one of the own account.
pub(super) fn role_arn(scope: &Scope, text: &str) -> Result<Arn, Error> {
    let arn =
        text.parse::<Arn>().ok().filter(|arn| arn.service == "iam" && arn.resource_of("role").is_some());
    let arn =
        arn.ok_or_else(|| Error::Invalid(format!("Invalid service role: `{text}` is not a role's ARN")))?;
    if arn.account == scope.account.as_str() { Ok(arn) } else { Err(Error::StrangeRole) }
}

fn check_name(name: &str) -> Result<(), Error> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if (2..=150).contains(&name.len()) && begins && name.bytes().all(legal) {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "Invalid project name `{name}`: use 2 to 150 letters, digits, `-` and `_`, a letter or digit first"
    )))
}

pub(super) fn check_timeout(minutes: u32) -> Result<(), Error> {
    if (5..=2160).contains(&minutes) {
        return Ok(());
    }
    Err(Error::Invalid(format!("Invalid timeoutInMinutes {minutes}: it must be from 5 to 2160")))
}

fn only(member: &str, value: &str, supported: &str, instead: &str) -> Result<(), Error> {
    if value == supported {
        return Ok(());
    }
    Err(unsupported(&format!("{member} {value}"), &format!("{instead}; use {supported}")))
}

fn unsupported(what: &str, instead: &str) -> Error {
    Error::Invalid(format!("{what} is not supported here: {instead}"))
}

impl Noun for Project {
    const KIND: &'static str = "build-project";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        let repository = match Origin::of(&self.source) {
            Ok(Origin::BuiltIn { repository }) => Some(repository),
            Ok(Origin::Elsewhere { url }) => elsewhere_name(&url),
            Ok(Origin::None) | Err(_) => None,
        };
        if let Some(repository) = repository {
            keys.add(REPOSITORY, repository_key(self.scope.account.as_str(), &repository));
        }
    }
}

/// The index key of the projects that build a repository, in whatever region they are.
pub(super) const REPOSITORY: &str = "repository";

/// The key's value.
pub(super) fn repository_key(account: &str, repository: &str) -> String {
    format!("{account}/{repository}")
}
