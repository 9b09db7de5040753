//! `samconfig.toml`: what `sam deploy` is told by file, and so `trainyard deploy`.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html>

mod overrides;

use std::collections::BTreeMap;

pub use self::overrides::parse_overrides;
use crate::source::{self, Content, Cursor, Diagnostic};

/// The environment that counts when none is named.
pub const DEFAULT_ENVIRONMENT: &str = "default";

/// What one environment's `deploy` is told. `global` parameters count where `deploy` is silent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SamConfig {
    /// The stack.
    pub stack_name: Option<String>,
    /// Where it is.
    pub region: Option<String>,
    /// The template's path, relative to this file's directory.
    pub template_file: Option<String>,
    /// The role that CloudFormation takes.
    pub role_arn: Option<String>,
    /// Values of the template's parameters.
    pub parameter_overrides: BTreeMap<String, String>,
    /// Tags of the stack.
    pub tags: BTreeMap<String, String>,
    /// Whether a deploy that changes nothing fails, where the file says so.
    pub fail_on_empty_changeset: Option<bool>,
    /// Whether what was made stays when a deploy fails, where the file says so.
    pub disable_rollback: Option<bool>,
}

/// Keys that change nothing here: no bucket stands between, no change set is asked about, no one has to
/// acknowledge a capability, and no function has an image of its own (`sam deploy --guided` writes that key always).
const HARMLESS: &[&str] = &[
    "beta_features",
    "capabilities",
    "confirm_changeset",
    "debug",
    "force_upload",
    "guided",
    "image_repositories",
    "image_repository",
    "no_progressbar",
    "profile",
    "resolve_image_repos",
    "resolve_s3",
    "s3_bucket",
    "s3_prefix",
    "save_params",
    "use_json",
];

/// Commands of SAM's beside `deploy`: what they are told is passed over.
const OTHER_COMMANDS: &[&str] = &[
    "build",
    "delete",
    "init",
    "list",
    "list_endpoints",
    "list_resources",
    "list_stack_outputs",
    "local_invoke",
    "local_start_api",
    "local_start_lambda",
    "logs",
    "package",
    "pipeline_bootstrap",
    "pipeline_init",
    "publish",
    "remote_invoke",
    "sync",
    "traces",
    "validate",
];

impl SamConfig {
    /// Reads the file for one environment and reports all that is wrong with it or not supported.
    pub fn parse(bytes: &[u8], environment: &str) -> Result<Self, Vec<Diagnostic>> {
        let root = source::read_toml(bytes)?;
        let root = Cursor::root(&root);
        let mut reader = Reader { found: Vec::new() };
        reader.version(&root);
        let mut config = Self::default();
        match root.get(environment) {
            Some(at) => reader.environment(&at, environment, &mut config),
            None if environment == DEFAULT_ENVIRONMENT => {}
            None => reader.found.push(root.error(no_environment(&root, environment))),
        }
        reader.found.sort_by_key(|d| d.position);
        if reader.found.is_empty() { Ok(config) } else { Err(reader.found) }
    }
}

fn no_environment(root: &Cursor<'_>, environment: &str) -> String {
    let names: Vec<_> = root.entries().map(|(name, _)| name).filter(|name| *name != "version").collect();
    format!("the file has no environment `{environment}`, only {}", names.join(", "))
}

struct Reader {
    found: Vec<Diagnostic>,
}

impl Reader {
    fn keep<T>(&mut self, read: Result<T, Diagnostic>) -> Option<T> {
        read.map_err(|d| self.found.push(d)).ok()
    }

    fn version(&mut self, root: &Cursor<'_>) {
        match root.get("version") {
            None => self.found.push(root.error("`version` is missing: write `version = 0.1` at the top")),
            Some(version) if version.node.scalar_text().as_deref() == Some("0.1") => {}
            Some(version) => self.found.push(version.error("only `version = 0.1` is supported")),
        }
    }

    fn environment(&mut self, at: &Cursor<'_>, name: &str, config: &mut SamConfig) {
        if self.keep(at.expect_map(&format!("the environment `{name}`"))).is_none() {
            return;
        }
        for (command, at) in at.entries() {
            if !["global", "deploy"].contains(&command) && !OTHER_COMMANDS.contains(&command) {
                self.found.push(at.key_error(format!("`{command}` is no command of SAM's")));
            }
        }
        for command in ["global", "deploy"] {
            if let Some(at) = at.get(command) {
                self.command(&at, command, config);
            }
        }
    }

    fn command(&mut self, at: &Cursor<'_>, command: &str, config: &mut SamConfig) {
        if self.keep(at.expect_map(&format!("`{command}`"))).is_none() {
            return;
        }
        for (key, at) in at.entries().filter(|(key, _)| *key != "parameters") {
            self.found
                .push(at.key_error(format!("`{key}` is no key of `{command}`, which has `parameters`")));
        }
        let Some(parameters) = at.get("parameters") else { return };
        if self.keep(parameters.expect_map("`parameters`")).is_some() {
            for (key, at) in parameters.entries() {
                self.parameter(key, &at, config);
            }
        }
    }

    fn parameter(&mut self, key: &str, at: &Cursor<'_>, config: &mut SamConfig) {
        match key {
            "stack_name" => config.stack_name = self.text(key, at).or(config.stack_name.take()),
            "region" => config.region = self.text(key, at).or(config.region.take()),
            "template" | "template_file" => {
                config.template_file = self.text(key, at).or(config.template_file.take());
            }
            "role_arn" => config.role_arn = self.text(key, at).or(config.role_arn.take()),
            "parameter_overrides" => config.parameter_overrides.extend(self.pairs(key, at)),
            "tags" => config.tags.extend(self.pairs(key, at)),
            "fail_on_empty_changeset" => config.fail_on_empty_changeset = self.truth(key, at),
            "disable_rollback" => config.disable_rollback = self.truth(key, at),
            _ if HARMLESS.contains(&key) => {}
            _ => self.found.push(at.key_error(format!("`{key}` is not supported, remove it"))),
        }
    }

    fn text(&mut self, key: &str, at: &Cursor<'_>) -> Option<String> {
        self.keep(at.expect_text(&format!("`{key}`"))).map(str::to_owned)
    }

    fn truth(&mut self, key: &str, at: &Cursor<'_>) -> Option<bool> {
        let truth = at.node.as_bool();
        self.keep(
            truth.ok_or_else(|| at.error(format!("`{key}` must be true or false, not {}", at.node.kind()))),
        )
    }

    /// `"A=b C='d e'"` or `["A=b", "C=d e"]`.
    fn pairs(&mut self, key: &str, at: &Cursor<'_>) -> BTreeMap<String, String> {
        match at.node.content {
            Content::List(_) => {
                let pairs = at.items().filter_map(|item| {
                    let text = self.keep(item.expect_text(&format!("an item of `{key}`")))?;
                    self.keep(overrides::parse_one(text).map_err(|e| item.error(e)))
                });
                pairs.collect()
            }
            _ => {
                let Some(text) = self.keep(at.expect_text(&format!("`{key}`"))) else {
                    return BTreeMap::new();
                };
                self.keep(parse_overrides(text).map_err(|e| at.error(e)))
                    .unwrap_or_default()
                    .into_iter()
                    .collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;
