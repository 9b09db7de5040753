//! What is to be done for a job, whatever kind of request it came from.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use trainyard_domain::{
    Arn,
    image::ImageConfig,
    job::{Mount, Resources},
};

use super::{metrics::MetricDefinition, request::S3Uri};

/// A job's plan: data that the loop works on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The image's URI.
    pub image: String,
    /// How it is started.
    pub entry: Entry,
    /// Its variables, before credentials are added.
    pub environment: BTreeMap<String, String>,
    /// Files that are there before it starts: path below `/opt/ml`, and content.
    pub files: BTreeMap<String, String>,
    /// Data that is there before it starts.
    pub inputs: Vec<Input>,
    /// Data that is kept when it has ended.
    pub outputs: Vec<Output>,
    /// What it may use.
    pub resources: Resources,
    /// The role it acts as.
    pub role: Arn,
    /// After which it is stopped.
    pub limit: Duration,
    /// Where its lines go.
    pub log_group: String,
    /// What of its lines are metrics.
    #[serde(default)]
    pub metrics: Vec<MetricDefinition>,
}

/// How the program is found: SageMaker's rules differ between kinds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// The image is run with `train`, unless the request says otherwise.
    Training {
        /// Instead of `ENTRYPOINT`.
        entrypoint: Vec<String>,
        /// Instead of `train`.
        arguments: Vec<String>,
    },
    /// The image is run as it is, unless the request says otherwise.
    Processing {
        /// Instead of `ENTRYPOINT`.
        entrypoint: Vec<String>,
        /// Instead of `CMD`.
        arguments: Vec<String>,
    },
    /// A program of the host, without an image: for builds.
    Host {
        /// Program and arguments.
        command: Vec<String>,
        /// Where it starts.
        working_dir: PathBuf,
        /// What it sees of the server's data.
        #[serde(default)]
        mounts: Vec<Mount>,
    },
}

/// Data that comes from S3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The channel's or input's name.
    pub name: String,
    /// Where it is.
    pub uri: S3Uri,
    /// Where it goes, below `/opt/ml`.
    pub path: String,
}

/// Data that goes to S3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Where it is, below `/opt/ml`.
    pub path: String,
    /// Where it goes.
    pub uri: S3Uri,
    /// As what.
    pub form: OutputForm,
}

/// What is made of an output directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputForm {
    /// Each file an object below the URI.
    Files,
    /// One `tar.gz` at the URI.
    Archive,
    /// One `tar.gz` at the URI, unless there is no file.
    ArchiveUnlessEmpty,
}

impl Entry {
    /// Program and arguments; empty if neither the request nor the image names a program.
    pub fn command(&self, image: &ImageConfig) -> Vec<String> {
        let (entrypoint, arguments, default) = match self {
            Self::Training { entrypoint, arguments } => (entrypoint, arguments, vec!["train".to_owned()]),
            Self::Processing { entrypoint, arguments } => (entrypoint, arguments, image.cmd.clone()),
            Self::Host { command, .. } => return command.clone(),
        };
        if !entrypoint.is_empty() {
            return [entrypoint.as_slice(), arguments].concat();
        }
        let arguments = if arguments.is_empty() { &default } else { arguments };
        [image.entrypoint.as_slice(), arguments].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[track_caller]
    fn check(entry: Entry, expect: &str) {
        let image = ImageConfig {
            entrypoint: words("python3 main.py"),
            cmd: words("help"),
            ..ImageConfig::default()
        };
        assert_eq!(entry.command(&image), words(expect));
    }

    #[test]
    fn sagemaker_rules() {
        let training = |e: &str, a: &str| Entry::Training { entrypoint: words(e), arguments: words(a) };
        let processing = |e: &str, a: &str| Entry::Processing { entrypoint: words(e), arguments: words(a) };
        check(training("", ""), "python3 main.py train");
        check(training("", "fit"), "python3 main.py fit");
        check(training("sh t.sh", ""), "sh t.sh");
        check(processing("", ""), "python3 main.py help");
        check(processing("", "go"), "python3 main.py go");
        check(processing("sh p.sh", "1 2"), "sh p.sh 1 2");
    }
}
