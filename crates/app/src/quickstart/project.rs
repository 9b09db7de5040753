//! The project: made from the template, told where its server is, changed for every further round.

use std::path::{Path, PathBuf};

use trainyard_lang::samconfig::SamConfig;

use super::{git::Git, host::Host};
use crate::{failure::Failure, templates};

/// The project's directory.
pub(super) struct Project {
    directory: PathBuf,
    git: Git,
}

/// The names that follow from the project's own.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The project: build project, image repository, model package group and git repository have its name.
    pub project: String,
}

impl Names {
    /// The state machine that trains.
    pub(super) fn train_machine(&self) -> String {
        format!("{}-train", self.project)
    }

    /// The state machine that deploys.
    pub(super) fn deploy_machine(&self) -> String {
        format!("{}-deploy", self.project)
    }

    /// The endpoint of that stage.
    pub(super) fn endpoint(&self, stage: &str) -> String {
        format!("{}-{stage}", self.project)
    }
}

const SAMCONFIG: &str = "samconfig.toml";
/// Where the hyperparameter is.
const TRAIN: &str = "statemachine/train.asl.json";
/// Its values, in turn.
const ALPHAS: [&str; 5] = ["1.0", "0.5", "2.0", "0.8", "1.5"];

impl Project {
    /// In that directory, which need not be there.
    pub(super) fn at(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), git: Git::at(directory) }
    }

    /// Where it is.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The port of the server that it was told of.
    pub(super) fn port(&self) -> Option<u16> {
        let url = self.parameter("RepositoryCloneUrl")?;
        let authority = url.strip_prefix("http://127.0.0.1:")?;
        authority.split('/').next()?.parse().ok()
    }

    /// The names that follow from its own.
    pub(super) fn names(&self) -> Result<Names, Failure> {
        let config = self.samconfig()?;
        let project = config.parameter_overrides.get("ProjectName").cloned();
        Ok(Names { project: project.unwrap_or_else(|| super::PROJECT.to_owned()) })
    }

    /// Makes what is not there: the files, the git repository, the server's address in `samconfig.toml`. Says what
    /// was to be made.
    pub(super) async fn make(&self, host: &Host) -> Result<&'static str, Failure> {
        let fresh = !self.directory.join(SAMCONFIG).exists();
        if fresh {
            self.write_template()?;
        }
        if !self.directory.join(".git").exists() {
            self.git.run(&["init", "--quiet"]).await?;
        }
        self.identify().await?;
        let branch = self.branch().await?;
        let url = self.remote(host)?;
        let moved = self.tell(&[("BranchName", &branch), ("RepositoryCloneUrl", &url)])?;
        self.point_at(&url).await?;
        Ok(match (fresh, moved) {
            (true, _) => "made from the template train-and-deploy",
            (false, true) => "told of its server",
            (false, false) => "is there",
        })
    }

    /// Whether the last commit says another server than the files.
    pub(super) async fn has_moved(&self) -> Result<bool, Failure> {
        let changed = self.git.run(&["status", "--porcelain", "--", SAMCONFIG]).await?;
        Ok(!changed.is_empty())
    }

    /// The branch that is worked on, whatever git calls the first.
    pub(super) async fn branch(&self) -> Result<String, Failure> {
        self.git.run(&["symbolic-ref", "--short", "HEAD"]).await
    }

    /// The last commit.
    pub(super) async fn head(&self) -> Result<Option<String>, Failure> {
        Ok(self.git.asked(&["rev-parse", "--verify", "--quiet", "HEAD"]).await)
    }

    /// Commits everything.
    pub(super) async fn first_commit(&self) -> Result<String, Failure> {
        self.git.run(&["add", "--all"]).await?;
        self.git.run(&["commit", "--quiet", "--message", "Train, evaluate and deploy a model"]).await?;
        self.git.run(&["rev-parse", "HEAD"]).await
    }

    /// Commits another value of the hyperparameter, and where the server is if that has changed.
    pub(super) async fn next_commit(&self) -> Result<String, Failure> {
        let path = self.directory.join(TRAIN);
        let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, &e))?;
        let message = match with_next_alpha(&text) {
            Some((text, alpha)) => {
                std::fs::write(&path, text).map_err(|e| unreadable(&path, &e))?;
                format!("Train with alpha {alpha}")
            }
            None => "Train again".to_owned(),
        };
        self.git
            .run(&["commit", "--quiet", "--allow-empty", "--message", &message, "--", TRAIN, SAMCONFIG])
            .await?;
        self.git.run(&["rev-parse", "HEAD"]).await
    }

    /// The last commit's first line.
    pub(super) async fn subject(&self) -> Result<String, Failure> {
        self.git.run(&["log", "-1", "--format=%s"]).await
    }

    /// The last commit of the branch that the server has.
    pub(super) async fn pushed(&self, host: &Host) -> Result<Option<String>, Failure> {
        let name = format!("refs/heads/{}", self.branch().await?);
        let key = (host.place(), host.url());
        // A repository that was never pushed to is not there yet.
        let listed = self.git.with_key(&["ls-remote", "origin", &name], key).await.unwrap_or_default();
        Ok(listed.split_whitespace().next().map(str::to_owned))
    }

    /// Pushes the branch.
    pub(super) async fn push(&self, host: &Host) -> Result<(), Failure> {
        let branch = self.branch().await?;
        let arguments = ["push", "--quiet", "--set-upstream", "origin", &branch];
        self.git.with_key(&arguments, (host.place(), host.url())).await.map(|_| ())
    }

    /// Its repository on that server.
    pub(super) fn remote(&self, host: &Host) -> Result<String, Failure> {
        Ok(format!("{}/git/{}.git", host.url(), self.names()?.project))
    }

    async fn point_at(&self, url: &str) -> Result<(), Failure> {
        let verb = match self.git.asked(&["remote", "get-url", "origin"]).await {
            Some(there) if there == url => return Ok(()),
            Some(_) => "set-url",
            None => "add",
        };
        self.git.run(&["remote", verb, "origin", url]).await.map(|_| ())
    }

    /// Beside its place first and then there at once: one that was interrupted leaves nothing half made.
    fn write_template(&self) -> Result<(), Failure> {
        let template = &templates::ALL[0];
        if self.directory.exists() {
            return template.write(&self.directory);
        }
        let beside = self.directory.with_extension("new");
        let _ = std::fs::remove_dir_all(&beside);
        template.write(&beside)?;
        std::fs::rename(&beside, &self.directory).map_err(|e| unreadable(&self.directory, &e))
    }

    /// Gives the repository an identity of its own where the user has none.
    async fn identify(&self) -> Result<(), Failure> {
        for (name, value) in [("user.name", "Trainyard quickstart"), ("user.email", "quickstart@localhost")] {
            if self.git.asked(&["config", "--get", name]).await.is_none_or(|value| value.is_empty()) {
                self.git.run(&["config", "--local", name, value]).await?;
            }
        }
        Ok(())
    }

    fn samconfig(&self) -> Result<SamConfig, Failure> {
        let path = self.directory.join(SAMCONFIG);
        let bytes = std::fs::read(&path).map_err(|e| unreadable(&path, &e))?;
        SamConfig::parse(&bytes, "default").map_err(|found| {
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            Failure::usage(format!("{}: {}", path.display(), found.join("\n")))
        })
    }

    fn parameter(&self, name: &str) -> Option<String> {
        self.samconfig().ok()?.parameter_overrides.remove(name)
    }

    /// Sets parameters in `samconfig.toml`; whether that changed anything.
    fn tell(&self, parameters: &[(&str, &str)]) -> Result<bool, Failure> {
        let path = self.directory.join(SAMCONFIG);
        let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, &e))?;
        let told = with_parameters(&text, parameters).ok_or_else(|| {
            Failure::usage(format!("{} has no line `parameter_overrides = \"…\"`", path.display()))
        })?;
        if told == text {
            return Ok(false);
        }
        std::fs::write(&path, told).map_err(|e| unreadable(&path, &e))?;
        Ok(true)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

/// The text with these parameters set in its line `parameter_overrides = "…"`, everything else as it was.
fn with_parameters(text: &str, parameters: &[(&str, &str)]) -> Option<String> {
    let mut found = false;
    let lines = text.split_inclusive('\n').map(|line| {
        let Some((before, after)) = line.split_once("parameter_overrides = \"") else {
            return line.to_owned();
        };
        let Some((value, rest)) = after.split_once('"').filter(|_| before.trim().is_empty()) else {
            return line.to_owned();
        };
        found = true;
        let mut words: Vec<String> = value.split_whitespace().map(str::to_owned).collect();
        for (name, value) in parameters {
            let (start, word) = (format!("{name}="), format!("{name}={value}"));
            match words.iter_mut().find(|word| word.starts_with(&start)) {
                Some(there) => *there = word,
                None => words.push(word),
            }
        }
        format!("{before}parameter_overrides = \"{}\"{rest}", words.join(" "))
    });
    let told = lines.collect();
    found.then_some(told)
}

/// The definition with the next value of the hyperparameter `alpha`, and that value.
fn with_next_alpha(text: &str) -> Option<(String, &'static str)> {
    let (before, after) = text.split_once("\"alpha\": \"")?;
    let (value, rest) = after.split_once('"')?;
    let at = ALPHAS.iter().position(|alpha| *alpha == value).map_or(0, |at| (at + 1) % ALPHAS.len());
    Some((format!("{before}\"alpha\": \"{}\"{rest}", ALPHAS[at]), ALPHAS[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_set_where_they_are() {
        let text =
            "version = 0.1\n# parameter_overrides = \"x\"\nparameter_overrides = \"A=1 B=2\"\nlast = 1\n";
        let told = with_parameters(text, &[("B", "3"), ("C", "http://x/y")]);
        let expect = "version = 0.1\n# parameter_overrides = \"x\"\nparameter_overrides = \"A=1 B=3 C=http://x/y\"\nlast = 1\n";
        assert_eq!(told.as_deref(), Some(expect));
        assert_eq!(with_parameters(expect, &[("B", "3")]).as_deref(), Some(expect));
        assert_eq!(with_parameters("version = 0.1\n", &[("B", "3")]), None);
    }

    #[test]
    fn the_hyperparameter_goes_round() {
        let mut text = templates::ALL[0]
            .files
            .iter()
            .find(|(path, _)| *path == TRAIN)
            .map(|(_, text)| (*text).to_owned())
            .unwrap();
        let mut seen = Vec::new();
        for _ in ALPHAS {
            let (next, alpha) = with_next_alpha(&text).unwrap();
            assert_ne!(next, text);
            (text, _) = (next, seen.push(alpha));
        }
        assert_eq!(seen, ["0.5", "2.0", "0.8", "1.5", "1.0"]);
        assert_eq!(with_next_alpha("{}"), None);
    }
}
