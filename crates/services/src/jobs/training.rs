//! CreateTrainingJob's request, and the plan that follows from it.
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html>,
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html>

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trainyard_domain::Arn;

use super::{
    Error,
    debugger::{DebugHookConfig, ProfilerConfig},
    instances,
    metrics::{self, MetricDefinition},
    plan::{Entry, Input, Output, OutputForm, Plan},
    request::{S3Uri, Tag, check_given, check_instances, check_limit, check_name, check_once, only},
};

/// The request's members that are honoured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TrainingRequest {
    /// The job's name.
    pub training_job_name: String,
    /// Given to the algorithm as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hyper_parameters: BTreeMap<String, String>,
    /// The image and how it is started.
    pub algorithm_specification: AlgorithmSpecification,
    /// The role the job acts as.
    pub role_arn: Arn,
    /// The channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_data_config: Vec<Channel>,
    /// Where the model goes.
    pub output_data_config: OutputDataConfig,
    /// What it runs on.
    pub resource_config: ResourceConfig,
    /// When it is ended.
    #[serde(default)]
    pub stopping_condition: StoppingCondition,
    /// Variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// What the program's debugging hook saves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug_hook_config: Option<DebugHookConfig>,
    /// Only that there is to be no profiler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiler_config: Option<ProfilerConfig>,
    /// Only false.
    #[serde(default)]
    pub enable_network_isolation: bool,
    /// One instance has no traffic between containers: always honoured.
    #[serde(default)]
    pub enable_inter_container_traffic_encryption: bool,
    /// Only false.
    #[serde(default)]
    pub enable_managed_spot_training: bool,
}

/// `AlgorithmSpecification`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AlgorithmSpecification {
    /// The image.
    pub training_image: String,
    /// `File`, or `FastFile`, which reads the same.
    pub training_input_mode: InputMode,
    /// Instead of the image's own entry point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub container_entrypoint: Vec<String>,
    /// Instead of `train`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub container_arguments: Vec<String>,
    /// What of the job's lines are metrics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metric_definitions: Vec<MetricDefinition>,
}

/// How data comes to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InputMode {
    /// Files, there before the job starts.
    File,
    /// Files too: on one machine both are the same to the job.
    FastFile,
}

/// One channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Channel {
    /// Its name: the directory below `/opt/ml/input/data`.
    pub channel_name: String,
    /// Where the data is.
    pub data_source: DataSource,
    /// Handed on in `inputdataconfig.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Only `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression_type: Option<Uncompressed>,
    /// Only `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_wrapper_type: Option<Uncompressed>,
    /// Instead of the algorithm's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_mode: Option<InputMode>,
}

/// The one word `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Uncompressed {
    /// As it is.
    None,
}

/// Where a channel's data is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DataSource {
    /// In S3.
    pub s3_data_source: S3DataSource,
}

/// `S3DataSource`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct S3DataSource {
    /// Only `S3Prefix`.
    pub s3_data_type: S3DataType,
    /// The prefix.
    pub s3_uri: S3Uri,
    /// On one instance all is there either way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_data_distribution_type: Option<Distribution>,
}

/// What an S3 URI means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum S3DataType {
    /// All objects whose keys begin with it.
    S3Prefix,
}

/// How data is spread over instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Distribution {
    /// All of it everywhere.
    FullyReplicated,
    /// A part each.
    ShardedByS3Key,
}

/// `OutputDataConfig`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OutputDataConfig {
    /// Below which `<job>/output/model.tar.gz` is put.
    pub s3_output_path: S3Uri,
    /// Only empty. Absent in many requests; clients read it back.
    #[serde(default)]
    pub kms_key_id: String,
}

/// `ResourceConfig`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ResourceConfig {
    /// Such as `ml.m5.large`.
    pub instance_type: String,
    /// Only 1.
    pub instance_count: u32,
    /// The disk is the host's; kept and shown.
    #[serde(default, rename = "VolumeSizeInGB")]
    pub volume_size_in_gb: u32,
}

/// `StoppingCondition`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StoppingCondition {
    /// After which the job is stopped.
    #[serde(default = "one_day")]
    pub max_runtime_in_seconds: u64,
}

impl Default for StoppingCondition {
    fn default() -> Self {
        Self { max_runtime_in_seconds: one_day() }
    }
}

/// What AWS has for training and processing if nothing is said.
fn one_day() -> u64 {
    86_400
}

impl TrainingRequest {
    /// Whether all that is asked for can be honoured.
    pub fn check(&self) -> Result<(), Error> {
        check_name("trainingJobName", &self.training_job_name)?;
        check_instances(self.resource_config.instance_count)?;
        only("EnableNetworkIsolation", self.enable_network_isolation)?;
        only("EnableManagedSpotTraining", self.enable_managed_spot_training)?;
        only("OutputDataConfig.KmsKeyId", !self.output_data_config.kms_key_id.is_empty())?;
        self.debug_hook_config.as_ref().map_or(Ok(()), DebugHookConfig::check)?;
        self.profiler_config.as_ref().map_or(Ok(()), ProfilerConfig::check)?;
        check_limit(self.stopping_condition.max_runtime_in_seconds)?;
        let specification = &self.algorithm_specification;
        let program = specification.container_entrypoint.iter().chain(&specification.container_arguments);
        check_given(&self.environment, program.chain(self.hyper_parameters.values()))?;
        metrics::check(&specification.metric_definitions)?;
        check_once("channel", self.input_data_config.iter().map(|channel| channel.channel_name.as_str()))?;
        for channel in &self.input_data_config {
            let name = &channel.channel_name;
            let legal = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
            if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.bytes().all(legal) {
                return Err(Error::Invalid(format!(
                    "`{name}` cannot be a channel's name: use letters, digits, `.`, `_` and `-`"
                )));
            }
        }
        instances::resources(&self.resource_config.instance_type).map(|_| ()).ok_or_else(|| {
            Error::unknown_instance("resourceConfig.instanceType", &self.resource_config.instance_type)
        })
    }

    /// Where the model is put.
    pub fn model_uri(&self) -> S3Uri {
        self.output_data_config
            .s3_output_path
            .join(&format!("{}/output/model.tar.gz", self.training_job_name))
    }

    /// What is to be done for it.
    pub fn plan(&self, arn: &Arn) -> Result<Plan, Error> {
        self.check()?;
        let specification = &self.algorithm_specification;
        let entry = Entry::Training {
            entrypoint: specification.container_entrypoint.clone(),
            arguments: specification.container_arguments.clone(),
        };
        let instance = &self.resource_config.instance_type;
        let resources = instances::resources(instance)
            .ok_or_else(|| Error::unknown_instance("instanceType", instance))?;
        Ok(Plan {
            image: specification.training_image.clone(),
            entry,
            environment: self.variables(arn, resources.cpu_millis / 1000, resources.gpus),
            files: self.files(),
            inputs: self.input_data_config.iter().map(channel_input).collect(),
            outputs: self.outputs()?,
            resources,
            role: self.role_arn.clone(),
            limit: Duration::from_secs(self.stopping_condition.max_runtime_in_seconds),
            log_group: "/aws/sagemaker/TrainingJobs".to_owned(),
            metrics: specification.metric_definitions.clone(),
        })
    }

    /// What is kept when it has ended.
    fn outputs(&self) -> Result<Vec<Output>, Error> {
        let name = &self.training_job_name;
        let output =
            |path: &str| self.output_data_config.s3_output_path.join(&format!("{name}/output/{path}"));
        let mut outputs = vec![
            Output {
                name: "model".to_owned(),
                path: "model".to_owned(),
                uri: self.model_uri(),
                form: OutputForm::Archive,
            },
            Output {
                name: "output".to_owned(),
                path: "output/data".to_owned(),
                uri: output("output.tar.gz"),
                form: OutputForm::ArchiveUnlessEmpty,
            },
        ];
        if let Some(hook) = &self.debug_hook_config {
            outputs.push(hook.output(name)?);
        }
        Ok(outputs)
    }

    /// `/opt/ml/input/config/*.json`.
    fn files(&self) -> BTreeMap<String, String> {
        let channels: BTreeMap<_, _> =
            self.input_data_config.iter().map(|c| (&c.channel_name, channel_config(c))).collect();
        let resources = json!({
            "current_host": "algo-1",
            "current_instance_type": self.resource_config.instance_type,
            "current_group_name": "homogeneousCluster",
            "hosts": ["algo-1"],
            "network_interface_name": "lo",
        });
        let mut files = BTreeMap::from([
            ("input/config/hyperparameters.json".to_owned(), json!(self.hyper_parameters).to_string()),
            ("input/config/inputdataconfig.json".to_owned(), json!(channels).to_string()),
            ("input/config/resourceconfig.json".to_owned(), resources.to_string()),
        ]);
        files.extend(self.debug_hook_config.as_ref().map(DebugHookConfig::file));
        files
    }

    /// The variables of the training contract; the request's own come last and win.
    /// <https://github.com/aws/sagemaker-training-toolkit/blob/master/ENVIRONMENT_VARIABLES.md>
    fn variables(&self, arn: &Arn, cpus: u32, gpus: u32) -> BTreeMap<String, String> {
        let names: Vec<_> = self.input_data_config.iter().map(|c| c.channel_name.as_str()).collect();
        let mut variables: BTreeMap<String, String> = [
            ("TRAINING_JOB_NAME", self.training_job_name.clone()),
            ("TRAINING_JOB_ARN", arn.to_string()),
            ("SM_MODEL_DIR", "/opt/ml/model".to_owned()),
            ("SM_INPUT_DIR", "/opt/ml/input".to_owned()),
            ("SM_INPUT_CONFIG_DIR", "/opt/ml/input/config".to_owned()),
            ("SM_OUTPUT_DIR", "/opt/ml/output".to_owned()),
            ("SM_OUTPUT_DATA_DIR", "/opt/ml/output/data".to_owned()),
            ("SM_CHANNELS", json!(names).to_string()),
            ("SM_HPS", json!(self.hyper_parameters).to_string()),
            ("SM_HOSTS", r#"["algo-1"]"#.to_owned()),
            ("SM_CURRENT_HOST", "algo-1".to_owned()),
            ("SM_NUM_CPUS", cpus.to_string()),
            ("SM_NUM_GPUS", gpus.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        for name in names {
            variables.insert(format!("SM_CHANNEL_{}", shouted(name)), format!("/opt/ml/input/data/{name}"));
        }
        for (name, value) in &self.hyper_parameters {
            variables.insert(format!("SM_HP_{}", shouted(name)), value.clone());
        }
        variables.extend(self.environment.clone());
        variables
    }
}

fn shouted(name: &str) -> String {
    name.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

fn channel_input(channel: &Channel) -> Input {
    Input {
        name: channel.channel_name.clone(),
        uri: channel.data_source.s3_data_source.s3_uri.clone(),
        path: format!("input/data/{}", channel.channel_name),
    }
}

fn channel_config(channel: &Channel) -> Value {
    let mut config = json!({
        "TrainingInputMode": channel.input_mode.unwrap_or(InputMode::File),
        "S3DistributionType": channel.data_source.s3_data_source.s3_data_distribution_type.unwrap_or(Distribution::FullyReplicated),
        "RecordWrapperType": "None",
    });
    if let (Some(content_type), Some(members)) = (&channel.content_type, config.as_object_mut()) {
        members.insert("ContentType".to_owned(), json!(content_type));
    }
    config
}
