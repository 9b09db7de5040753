//! A build's variables. Pure.
//! <https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html>

use std::{collections::BTreeMap, path::Path};

use trainyard_lang::buildspec::{Buildspec, CHANNEL};

use super::{build::Build, project, room::BuildsConfig};

/// What a build takes over from the machine, by name.
const TAKEN: &[&str] = &[
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "DOCKER_HOST",
];
const PROXIES: &[&str] = &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

/// What of the machine's own variables every build gets: proxies, certificates, pip's configuration, and what the
/// shims of pyenv need, since a build has a home of its own.
pub fn of_machine(
    variables: impl Iterator<Item = (String, String)>,
    home: Option<&Path>,
) -> BTreeMap<String, String> {
    let taken = |name: &str| {
        TAKEN.contains(&name)
            || name.starts_with("PIP_")
            || PROXIES.contains(&name.to_ascii_uppercase().as_str())
    };
    let mut found: BTreeMap<_, _> =
        variables.filter(|(name, value)| taken(name) && !value.is_empty()).collect();
    let Some(home) = home else { return found };
    let beneath = |paths: &[&str]| paths.iter().map(|path| home.join(path)).find(|path| path.exists());
    let mut tell = |name: &str, paths: &[&str]| {
        if let (false, Some(path)) = (found.contains_key(name), beneath(paths)) {
            found.insert(name.to_owned(), path.to_string_lossy().into_owned());
        }
    };
    tell("PYENV_ROOT", &[".pyenv"]);
    tell(
        "PIP_CONFIG_FILE",
        &["Library/Application Support/pip/pip.conf", ".config/pip/pip.conf", ".pip/pip.conf"],
    );
    found
}

/// All variables of a build but its credentials, which come with its job.
pub(super) fn variables(build: &Build, spec: &Buildspec, config: &BuildsConfig) -> BTreeMap<String, String> {
    let mut variables = config.inherited.clone();
    variables.extend(spec.env.variables.iter().cloned());
    variables
        .extend(build.environment.environment_variables.iter().map(|v| (v.name.clone(), v.value.clone())));
    variables.extend(of_codebuild(build, config));
    variables.extend(of_house(build, config));
    variables
}

/// CodeBuild's own.
fn of_codebuild(build: &Build, config: &BuildsConfig) -> BTreeMap<String, String> {
    let place = config.place(build);
    let mut own = vec![
        ("CODEBUILD_BUILD_ID", build.id.clone()),
        ("CODEBUILD_BUILD_ARN", build.arn().to_string()),
        ("CODEBUILD_BUILD_NUMBER", build.number.to_string()),
        ("CODEBUILD_BUILD_IMAGE", build.environment.image.clone()),
        ("CODEBUILD_PROJECT_ARN", project::arn(&build.scope, &build.project).to_string()),
        ("CODEBUILD_START_TIME", build.created.millis().to_string()),
        ("CODEBUILD_INITIATOR", build.initiator.clone()),
        ("CODEBUILD_LOG_PATH", build.uuid().to_owned()),
        ("CODEBUILD_SRC_DIR", place.source().to_string_lossy().into_owned()),
        ("CODEBUILD_CI", "true".to_owned()),
    ];
    own.extend(build.source_version.clone().map(|version| ("CODEBUILD_SOURCE_VERSION", version)));
    own.extend(build.resolved.clone().map(|commit| ("CODEBUILD_RESOLVED_SOURCE_VERSION", commit)));
    own.extend(build.source.location.clone().map(|url| ("CODEBUILD_SOURCE_REPO_URL", url)));
    if let Some(trigger) = &build.trigger {
        let request = trigger.pull_request.map(|number| format!("pr/{number}"));
        own.push(("CODEBUILD_WEBHOOK_EVENT", trigger.event.clone()));
        own.push(("CODEBUILD_WEBHOOK_HEAD_REF", trigger.head_ref.clone()));
        own.push(("CODEBUILD_WEBHOOK_TRIGGER", request.unwrap_or_else(|| short(&trigger.head_ref))));
        own.extend(trigger.base_ref.clone().map(|name| ("CODEBUILD_WEBHOOK_BASE_REF", name)));
        own.extend(trigger.before.clone().map(|commit| ("CODEBUILD_WEBHOOK_PREV_COMMIT", commit)));
        own.extend(trigger.actor.clone().map(|account| ("CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID", account)));
    }
    own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Ours: the binary comes first, images are shared, git has the build's credentials, and home is the build's own.
fn of_house(build: &Build, config: &BuildsConfig) -> BTreeMap<String, String> {
    let place = config.place(build);
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let own = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":");
    let path = config.inherited.get("PATH").unwrap_or(&own);
    let helper = format!("credential.{}.helper", config.endpoint);
    [
        ("PATH", format!("{}:{path}", text(&config.programs()))),
        ("HOME", text(&place.home())),
        ("TMPDIR", text(&place.temporary())),
        (CHANNEL, text(&place.channel())),
        ("TRAINYARD_IMAGES", text(&config.images_of(build))),
        ("GIT_CONFIG_COUNT", "1".to_owned()),
        ("GIT_CONFIG_KEY_0", helper),
        ("GIT_CONFIG_VALUE_0", "!trainyard git-credential".to_owned()),
        ("GIT_TERMINAL_PROMPT", "0".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// `branch/main` or `tag/v1`.
fn short(name: &str) -> String {
    for (long, short) in [("refs/heads/", "branch/"), ("refs/tags/", "tag/")] {
        if let Some(rest) = name.strip_prefix(long) {
            return format!("{short}{rest}");
        }
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_gives_proxies_and_no_secrets() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join(".config/pip")).unwrap();
        std::fs::write(home.path().join(".config/pip/pip.conf"), "").unwrap();
        let variables = [
            ("PATH", "/bin"),
            ("https_proxy", "http://p"),
            ("PIP_INDEX_URL", "https://i"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("GITHUB_TOKEN", "t"),
            ("HOME", "/root"),
            ("LANG", ""),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let found = of_machine(variables.into_iter(), Some(home.path()));
        let names: Vec<_> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["PATH", "PIP_CONFIG_FILE", "PIP_INDEX_URL", "https_proxy"]);
    }

    #[test]
    fn refs_are_shortened() {
        assert_eq!(short("refs/heads/a/b"), "branch/a/b");
        assert_eq!(short("refs/tags/v1"), "tag/v1");
    }
}
