//! What a training job says of SageMaker's debugger and profiler. SDKs say it of every job.
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DebugHookConfig.html>

use std::{
    collections::BTreeMap,
    path::{Component, Path},
};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Error,
    plan::{Output, OutputForm},
    request::S3Uri,
};

/// `DebugHookConfig`: the program's hook, if it has one, reads this from a file and saves tensors in a directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DebugHookConfig {
    /// Below which `<job>/debug-output/` gets the tensors.
    #[serde(rename = "S3OutputPath")]
    pub s3_output_path: S3Uri,
    /// Where the hook saves them, below `/opt/ml`.
    #[serde(default = "tensors")]
    pub local_path: String,
    /// Handed on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hook_parameters: BTreeMap<String, String>,
    /// Handed on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collection_configurations: Vec<CollectionConfiguration>,
}

/// One collection of tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CollectionConfiguration {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection_name: Option<String>,
    /// How it is saved.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub collection_parameters: BTreeMap<String, String>,
}

/// `ProfilerConfig`: only that there is to be none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ProfilerConfig {
    /// Only true.
    #[serde(default)]
    pub disable_profiler: bool,
}

/// Where AWS has tensors saved if nothing is said.
fn tensors() -> String {
    "/opt/ml/output/tensors".to_owned()
}

impl ProfilerConfig {
    /// Whether it can be honoured.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.disable_profiler {
            return Ok(());
        }
        let words =
            "`ProfilerConfig` cannot be honoured here: leave it out or set its DisableProfiler to true";
        Err(Error::Invalid(words.to_owned()))
    }
}

impl DebugHookConfig {
    /// Whether it can be honoured.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.below().map(drop)
    }

    /// What is kept of the tensors when the job has ended.
    pub(super) fn output(&self, job: &str) -> Result<Output, Error> {
        Ok(Output {
            name: "debug-output".to_owned(),
            path: self.below()?.to_owned(),
            uri: self.s3_output_path.join(&format!("{job}/debug-output")),
            form: OutputForm::Files,
        })
    }

    /// The file that the hook reads.
    pub(super) fn file(&self) -> (String, String) {
        ("input/config/debughookconfig.json".to_owned(), json!(self).to_string())
    }

    /// The directory of the tensors, below `/opt/ml`.
    fn below(&self) -> Result<&str, Error> {
        let below = self.local_path.strip_prefix("/opt/ml/").filter(|path| {
            let names = |part: Component<'_>| matches!(part, Component::Normal(_));
            !path.is_empty() && Path::new(path).components().all(names)
        });
        below.ok_or_else(|| {
            let path = &self.local_path;
            Error::Invalid(format!("DebugHookConfig.LocalPath: `{path}` is not a directory below /opt/ml"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(local_path: &str) -> DebugHookConfig {
        let config = json!({"S3OutputPath": "s3://bucket/out", "LocalPath": local_path});
        serde_json::from_value(config).unwrap()
    }

    #[test]
    fn tensors_are_kept_beside_the_model() {
        let output = hook("/opt/ml/output/tensors").output("job").unwrap();
        assert_eq!(output.path, "output/tensors");
        assert_eq!(output.uri.to_string(), "s3://bucket/out/job/debug-output");
    }

    #[test]
    fn tensors_are_nowhere_else() {
        for path in ["/opt/ml/", "/opt/ml", "/etc", "/opt/ml/../etc", "/opt/ml//etc/..", "output"] {
            assert!(hook(path).check().is_err(), "{path}");
        }
    }
}
