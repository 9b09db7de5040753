//! CreateProcessingJob's request, and the plan that follows from it.
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html>,
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html>

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::json;
use trainyard_domain::Arn;

use super::{
    Error, instances,
    plan::{Entry, Input, Output, OutputForm, Plan},
    request::{S3Uri, Tag, check_given, check_instances, check_limit, check_name, check_once, only},
    training::{Distribution, S3DataType, StoppingCondition, Uncompressed},
};

/// The request's members that are honoured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ProcessingRequest {
    /// The job's name.
    pub processing_job_name: String,
    /// What it runs on.
    pub processing_resources: ProcessingResources,
    /// The image and how it is started.
    pub app_specification: AppSpecification,
    /// The role the job acts as.
    pub role_arn: Arn,
    /// What it gets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processing_inputs: Vec<ProcessingInput>,
    /// What it gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processing_output_config: Option<ProcessingOutputConfig>,
    /// When it is ended.
    #[serde(default)]
    pub stopping_condition: StoppingCondition,
    /// Variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Only what asks for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_config: Option<NetworkConfig>,
}

/// `ProcessingResources`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ProcessingResources {
    /// The cluster.
    pub cluster_config: ClusterConfig,
}

/// `ClusterConfig`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ClusterConfig {
    /// Only 1.
    pub instance_count: u32,
    /// Such as `ml.m5.large`.
    pub instance_type: String,
    /// The disk is the host's; kept and shown.
    #[serde(rename = "VolumeSizeInGB")]
    pub volume_size_in_gb: u32,
}

/// `AppSpecification`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AppSpecification {
    /// The image.
    pub image_uri: String,
    /// Instead of the image's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub container_entrypoint: Vec<String>,
    /// Instead of the image's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub container_arguments: Vec<String>,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ProcessingInput {
    /// Its name.
    pub input_name: String,
    /// Only false.
    #[serde(default)]
    pub app_managed: bool,
    /// Where it is and where it goes.
    pub s3_input: S3Input,
}

/// `S3Input`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct S3Input {
    /// The prefix.
    pub s3_uri: S3Uri,
    /// Below `/opt/ml/processing`.
    pub local_path: String,
    /// Only `S3Prefix`.
    pub s3_data_type: S3DataType,
    /// Only `File`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_input_mode: Option<FileMode>,
    /// On one instance all is there either way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_data_distribution_type: Option<Distribution>,
    /// Only `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_compression_type: Option<Uncompressed>,
}

/// The one word `File`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileMode {
    /// Files, there before the job starts.
    File,
}

/// `ProcessingOutputConfig`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ProcessingOutputConfig {
    /// The outputs.
    pub outputs: Vec<ProcessingOutput>,
    /// Only empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
}

/// One output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ProcessingOutput {
    /// Its name.
    pub output_name: String,
    /// Where it is and where it goes.
    pub s3_output: S3Output,
    /// Only false.
    #[serde(default)]
    pub app_managed: bool,
}

/// `S3Output`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct S3Output {
    /// The prefix below which the files are put.
    pub s3_uri: S3Uri,
    /// Below `/opt/ml/processing`.
    pub local_path: String,
    /// Only `EndOfJob`.
    pub s3_upload_mode: UploadMode,
}

/// The one word `EndOfJob`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UploadMode {
    /// When the job has ended.
    EndOfJob,
}

/// `NetworkConfig`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NetworkConfig {
    /// Only false.
    #[serde(default)]
    pub enable_network_isolation: bool,
    /// One instance has no traffic between containers: always honoured.
    #[serde(default)]
    pub enable_inter_container_traffic_encryption: bool,
}

/// Where the paths of inputs and outputs begin.
const HOME: &str = "/opt/ml/processing";

impl ProcessingRequest {
    /// Whether all that is asked for can be honoured.
    pub fn check(&self) -> Result<(), Error> {
        check_name("processingJobName", &self.processing_job_name)?;
        let cluster = &self.processing_resources.cluster_config;
        check_instances(cluster.instance_count)?;
        check_limit(self.stopping_condition.max_runtime_in_seconds)?;
        let program = &self.app_specification;
        let program = program.container_entrypoint.iter().chain(&program.container_arguments);
        check_given(&self.environment, program)?;
        check_once("input", self.processing_inputs.iter().map(|input| input.input_name.as_str()))?;
        check_once("output", self.outputs().iter().map(|output| output.output_name.as_str()))?;
        if let Some(network) = &self.network_config {
            only("NetworkConfig.EnableNetworkIsolation", network.enable_network_isolation)?;
        }
        for input in &self.processing_inputs {
            only("AppManaged", input.app_managed)?;
            local_path(&input.s3_input.local_path)?;
        }
        for output in self.outputs() {
            only("AppManaged", output.app_managed)?;
            local_path(&output.s3_output.local_path)?;
        }
        let key = self.processing_output_config.as_ref().and_then(|c| c.kms_key_id.as_deref());
        only("ProcessingOutputConfig.KmsKeyId", key.is_some_and(|key| !key.is_empty()))?;
        instances::resources(&cluster.instance_type).map(|_| ()).ok_or_else(|| {
            Error::unknown_instance("processingResources.clusterConfig.instanceType", &cluster.instance_type)
        })
    }

    /// The outputs.
    pub fn outputs(&self) -> &[ProcessingOutput] {
        self.processing_output_config.as_ref().map_or(&[], |config| &config.outputs)
    }

    /// What is to be done for it.
    pub fn plan(&self, arn: &Arn) -> Result<Plan, Error> {
        self.check()?;
        let instance = &self.processing_resources.cluster_config.instance_type;
        let resources = instances::resources(instance)
            .ok_or_else(|| Error::unknown_instance("instanceType", instance))?;
        let inputs = self.processing_inputs.iter().map(|input| {
            let path = local_path(&input.s3_input.local_path)?;
            Ok(Input { name: input.input_name.clone(), uri: input.s3_input.s3_uri.clone(), path })
        });
        let outputs = self.outputs().iter().map(|output| {
            let (path, uri) = (local_path(&output.s3_output.local_path)?, output.s3_output.s3_uri.clone());
            Ok(Output { name: output.output_name.clone(), path, uri, form: OutputForm::Files })
        });
        let mut environment = BTreeMap::from([("PROCESSING_JOB_ARN".to_owned(), arn.to_string())]);
        environment.extend(self.environment.clone());
        Ok(Plan {
            image: self.app_specification.image_uri.clone(),
            entry: Entry::Processing {
                entrypoint: self.app_specification.container_entrypoint.clone(),
                arguments: self.app_specification.container_arguments.clone(),
            },
            environment,
            files: self.files(arn),
            inputs: inputs.collect::<Result<_, Error>>()?,
            outputs: outputs.collect::<Result<_, Error>>()?,
            resources,
            role: self.role_arn.clone(),
            limit: Duration::from_secs(self.stopping_condition.max_runtime_in_seconds),
            log_group: "/aws/sagemaker/ProcessingJobs".to_owned(),
            metrics: Vec::new(),
        })
    }

    /// `/opt/ml/config/*.json`.
    fn files(&self, arn: &Arn) -> BTreeMap<String, String> {
        let mut config = json!(self);
        if let Some(members) = config.as_object_mut() {
            members.insert("ProcessingJobArn".to_owned(), json!(arn));
        }
        let resources = json!({
            "current_host": "algo-1",
            "hosts": ["algo-1"],
            "network_interface_name": "lo",
            "current_instance_type": self.processing_resources.cluster_config.instance_type,
        });
        BTreeMap::from([
            ("config/processingjobconfig.json".to_owned(), config.to_string()),
            ("config/resourceconfig.json".to_owned(), resources.to_string()),
        ])
    }
}

/// The path below `/opt/ml`: it must lie in `/opt/ml/processing`, so that nothing else is written or read.
fn local_path(path: &str) -> Result<String, Error> {
    let inside = path.strip_prefix(HOME).filter(|rest| rest.starts_with('/'));
    let parts: Vec<_> = inside.unwrap_or("").split('/').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() || parts.iter().any(|part| *part == ".." || *part == ".") {
        return Err(Error::Invalid(format!("`{path}` is not a local path below {HOME}/")));
    }
    Ok(format!("processing/{}", parts.join("/")))
}
