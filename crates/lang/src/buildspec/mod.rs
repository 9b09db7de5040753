//! CodeBuild's buildspec, version 0.2: text to checked phases, and the shell script that runs them.
//! <https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html>
//!
//! Never runs anything and never expands a variable: commands reach the shell as they were written.

mod marks;
mod read;
mod script;

use std::fmt;

pub use self::{
    marks::{Block, Mark, read_marks},
    script::{CHANNEL, script},
};
use crate::source::{self, Diagnostic};

/// A checked buildspec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buildspec {
    /// What holds for all phases.
    pub env: Env,
    /// The phases that the text names, in the order in which they run.
    pub phases: Vec<Phase>,
}

/// What holds for all phases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env {
    /// Environment variables, in the order of the text. Those of the project and of StartBuild override them.
    pub variables: Vec<(String, String)>,
    /// Names of the variables whose last values the build tells.
    pub exported_variables: Vec<String>,
    /// The shell that runs the commands.
    pub shell: Shell,
}

/// A shell that CodeBuild offers on Linux.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shell {
    /// `sh`, unless the text says otherwise.
    #[default]
    Sh,
    /// `bash`.
    Bash,
}

impl Shell {
    /// The name it is started by.
    pub fn program(self) -> &'static str {
        match self {
            Self::Sh => "sh",
            Self::Bash => "bash",
        }
    }
}

/// One phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Which.
    pub name: PhaseName,
    /// What follows a failure, where the text says so.
    pub on_failure: Option<OnFailure>,
    /// Run in order until one fails.
    pub commands: Vec<String>,
    /// Run in order after `commands`, whether they failed or not, until one fails.
    pub finally: Vec<String>,
}

impl Phase {
    /// Whether the later phases run when this one fails. Without a word of the text they do after `build` only.
    /// <https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html>
    pub fn goes_on_after_failure(&self) -> bool {
        match self.on_failure {
            Some(OnFailure::Abort) => false,
            Some(OnFailure::Continue) => true,
            None => self.name == PhaseName::Build,
        }
    }
}

/// What follows when a phase fails. The build has failed either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The later phases do not run.
    Abort,
    /// The later phases run.
    Continue,
}

/// The phases of a buildspec, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhaseName {
    /// `install`.
    Install,
    /// `pre_build`.
    PreBuild,
    /// `build`.
    Build,
    /// `post_build`.
    PostBuild,
}

impl PhaseName {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Install, Self::PreBuild, Self::Build, Self::PostBuild];

    /// As the buildspec writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::PreBuild => "pre_build",
            Self::Build => "build",
            Self::PostBuild => "post_build",
        }
    }

    /// As CodeBuild's API writes it: `PRE_BUILD`.
    pub fn api_name(self) -> String {
        self.as_str().to_ascii_uppercase()
    }

    /// The phase that a buildspec names so.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == name)
    }
}

impl fmt::Display for PhaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Buildspec {
    /// Reads a buildspec, YAML or JSON, and reports all that is wrong with it or not supported.
    pub fn parse(bytes: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        read::buildspec(&source::read_yaml(bytes)?)
    }
}

#[cfg(test)]
mod tests;
