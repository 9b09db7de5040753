//! The kinds of events, from AWS's pages of them.

use super::{
    Field, Kind,
    Values::{self, Bool, Number, OneOf, Open, Text, Texts},
};

const fn field(name: &'static str, values: Values) -> Field {
    Field { name, values }
}

/// All kinds that are known.
pub const KINDS: &[Kind] = &[
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
    Kind {
        source: "aws.ecr",
        detail_type: "ECR Image Action",
        fields: &[
            field("result", OneOf(&["SUCCESS", "FAILURE"])),
            field("repository-name", Text),
            field("image-digest", Text),
            field("image-tag", Text),
            field("action-type", OneOf(&["PUSH", "DELETE"])),
            field("manifest-media-type", Text),
            field("artifact-media-type", Text),
        ],
        decided_by: None,
    },
    Kind {
        source: "aws.ecr",
        detail_type: "ECR Image Scan",
        fields: &[
            field("scan-status", OneOf(&["COMPLETE", "FAILED", "INITIAL_SCAN_COMPLETE", "ACTIVE"])),
            field("repository-name", Text),
            field("image-digest", Text),
            field("image-tags", Texts),
            field("finding-severity-counts", Open),
        ],
        decided_by: None,
    },
    // https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    Kind {
        source: "aws.states",
        detail_type: "Step Functions Execution Status Change",
        fields: &[
            field("executionArn", Text),
            field("stateMachineArn", Text),
            field("stateMachineVersionArn", Text),
            field("stateMachineAliasArn", Text),
            field("name", Text),
            field(
                "status",
                OneOf(&["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]),
            ),
            field("startDate", Number),
            field("stopDate", Number),
            field("input", Text),
            field("inputDetails.included", Bool),
            field("output", Text),
            field("outputDetails.included", Bool),
            field("error", Text),
            field("cause", Text),
            field("redriveCount", Number),
            field("redriveDate", Number),
            field("redriveStatus", OneOf(&["REDRIVABLE", "NOT_REDRIVABLE", "REDRIVABLE_BY_MAP_RUN"])),
            field("redriveStatusReason", Text),
        ],
        decided_by: None,
    },
    // https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    job("SageMaker Training Job State Change", TRAINING),
    job("SageMaker Processing Job State Change", PROCESSING),
    job("SageMaker Transform Job State Change", TRANSFORM),
    job("SageMaker Endpoint State Change", ENDPOINT),
    Kind {
        source: "aws.sagemaker",
        detail_type: "SageMaker Model Package State Change",
        fields: MODEL_PACKAGE,
        decided_by: Some("ModelApprovalStatus"),
    },
    job("SageMaker Model Building Pipeline Execution Status Change", PIPELINE),
    job("SageMaker Model Building Pipeline Execution Step Status Change", PIPELINE_STEP),
    // https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications.html
    Kind {
        source: "aws.codebuild",
        detail_type: "CodeBuild Build State Change",
        fields: &[
            field(
                "build-status",
                OneOf(&["IN_PROGRESS", "SUCCEEDED", "FAILED", "FAULT", "STOPPED", "TIMED_OUT"]),
            ),
            field("project-name", Text),
            field("build-id", Text),
            field("current-phase", Text),
            field("current-phase-context", Text),
            field("version", Text),
            field("additional-information", Open),
        ],
        decided_by: None,
    },
    Kind {
        source: "aws.codebuild",
        detail_type: "CodeBuild Build Phase Change",
        fields: &[
            field("completed-phase", Text),
            field(
                "completed-phase-status",
                OneOf(&["TIMED_OUT", "STOPPED", "FAILED", "SUCCEEDED", "FAULT", "CLIENT_ERROR"]),
            ),
            field("completed-phase-context", Text),
            field("completed-phase-duration-seconds", Number),
            field("completed-phase-start", Text),
            field("completed-phase-end", Text),
            field("project-name", Text),
            field("build-id", Text),
            field("version", Text),
            field("additional-information", Open),
        ],
        decided_by: None,
    },
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-eventbridge-reference.html
    Kind {
        source: "aws.cloudformation",
        detail_type: "CloudFormation Stack Status Change",
        fields: &[
            field("stack-id", Text),
            field("status-details.status", Text),
            field("status-details.status-reason", Text),
            field("client-request-token", Text),
        ],
        decided_by: None,
    },
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
    Kind { source: "aws.events", detail_type: "Scheduled Event", fields: &[], decided_by: None },
    // Ours: of the house itself.
    Kind {
        source: "trainyard",
        detail_type: "Approval Answered",
        fields: APPROVAL,
        decided_by: Some("approved"),
    },
    Kind {
        source: "trainyard",
        detail_type: "Job State Change",
        fields: &[
            field("name", Text),
            field("arn", Text),
            field("phase", OneOf(&["STARTING", "DOWNLOADING", "RUNNING", "UPLOADING", "ENDED"])),
        ],
        decided_by: None,
    },
    Kind {
        source: "trainyard",
        detail_type: "Task Token Closed",
        fields: &[field("executionArn", Text), field("tokenDigest", Text)],
        decided_by: None,
    },
    // Ours: pushes to the built-in host, which has no other one's members, and what hooks tell (docs/hooks.md).
    Kind { source: "trainyard", detail_type: "Git Push", fields: GIT_PUSH, decided_by: None },
    Kind { source: "trainyard", detail_type: "Git Pull Request", fields: PULL_REQUEST, decided_by: None },
    Kind {
        source: "trainyard",
        detail_type: "Registry Image Action",
        fields: &[
            field("result", OneOf(&["SUCCESS"])),
            field("repository-name", Text),
            field("image-digest", Text),
            field("image-tag", Text),
            field("action-type", OneOf(&["PUSH", "DELETE"])),
            field("manifest-media-type", Text),
            field("registry", Text),
            field("actor", Text),
        ],
        decided_by: None,
    },
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    Kind { source: "aws.s3", detail_type: "Object Created", fields: CREATED, decided_by: None },
    Kind { source: "aws.s3", detail_type: "Object Deleted", fields: DELETED, decided_by: None },
];

const fn job(detail_type: &'static str, fields: &'static [Field]) -> Kind {
    Kind { source: "aws.sagemaker", detail_type, fields, decided_by: None }
}

const JOB: &[&str] = &["InProgress", "Completed", "Failed", "Stopping", "Stopped"];

const TRAINING: &[Field] = &[
    field("TrainingJobName", Text),
    field("TrainingJobArn", Text),
    field("TrainingJobStatus", OneOf(JOB)),
    field("SecondaryStatus", Text),
    field("FailureReason", Text),
    field("HyperParameters", Open),
    field("AlgorithmSpecification", Open),
    field("RoleArn", Text),
    field("InputDataConfig", Open),
    field("OutputDataConfig", Open),
    field("ModelArtifacts", Open),
    field("ResourceConfig", Open),
    field("VpcConfig", Open),
    field("StoppingCondition", Open),
    field("CreationTime", Number),
    field("TrainingStartTime", Number),
    field("TrainingEndTime", Number),
    field("LastModifiedTime", Number),
    field("SecondaryStatusTransitions", Open),
    field("FinalMetricDataList", Open),
    field("BillableTimeInSeconds", Number),
    field("TrainingTimeInSeconds", Number),
    field("EnableManagedSpotTraining", Bool),
    field("EnableNetworkIsolation", Bool),
    field("EnableInterContainerTrafficEncryption", Bool),
    field("Environment", Open),
    field("Tags", Open),
];

const PROCESSING: &[Field] = &[
    field("ProcessingJobName", Text),
    field("ProcessingJobArn", Text),
    field("ProcessingJobStatus", OneOf(JOB)),
    field("FailureReason", Text),
    field("ExitMessage", Text),
    field("AppSpecification", Open),
    field("Environment", Open),
    field("RoleArn", Text),
    field("ProcessingInputs", Open),
    field("ProcessingOutputConfig", Open),
    field("ProcessingResources", Open),
    field("NetworkConfig", Open),
    field("ExperimentConfig", Open),
    field("StoppingCondition", Open),
    field("CreationTime", Number),
    field("ProcessingStartTime", Number),
    field("ProcessingEndTime", Number),
    field("LastModifiedTime", Number),
    field("Tags", Open),
];

const TRANSFORM: &[Field] = &[
    field("TransformJobName", Text),
    field("TransformJobArn", Text),
    field("TransformJobStatus", OneOf(JOB)),
    field("FailureReason", Text),
    field("ModelName", Text),
    field("MaxConcurrentTransforms", Number),
    field("MaxPayloadInMB", Number),
    field("BatchStrategy", Text),
    field("Environment", Open),
    field("TransformInput", Open),
    field("TransformOutput", Open),
    field("TransformResources", Open),
    field("CreationTime", Number),
    field("TransformStartTime", Number),
    field("TransformEndTime", Number),
    field("Tags", Open),
];

const ENDPOINT: &[Field] = &[
    field("EndpointName", Text),
    field("EndpointArn", Text),
    field("EndpointConfigName", Text),
    field(
        "EndpointStatus",
        OneOf(&[
            "OUT_OF_SERVICE",
            "CREATING",
            "UPDATING",
            "SYSTEM_UPDATING",
            "ROLLING_BACK",
            "IN_SERVICE",
            "DELETING",
            "FAILED",
        ]),
    ),
    field("FailureReason", Text),
    field("ProductionVariants", Open),
    field("LastDeploymentConfig", Open),
    field("CreationTime", Number),
    field("LastModifiedTime", Number),
    field("Tags", Open),
];

const MODEL_PACKAGE: &[Field] = &[
    field("ModelPackageName", Text),
    field("ModelPackageGroupName", Text),
    field("ModelPackageVersion", Number),
    field("ModelPackageArn", Text),
    field("ModelPackageDescription", Text),
    field("ModelPackageStatus", OneOf(&["Pending", "InProgress", "Completed", "Failed", "Deleting"])),
    field("ModelPackageStatusDetails", Open),
    field("ModelApprovalStatus", OneOf(&["Approved", "Rejected", "PendingManualApproval"])),
    field("ApprovalDescription", Text),
    field("CertifyForMarketplace", Bool),
    field("CreationTime", Text),
    field("LastModifiedTime", Text),
    field("CreatedBy", Open),
    field("LastModifiedBy", Open),
    field("MetadataProperties", Open),
    field("CustomerMetadataProperties", Open),
    field("ModelMetrics", Open),
    field("InferenceSpecification", Open),
    field("SourceAlgorithmSpecification", Open),
    field("ValidationSpecification", Open),
    field("ModelLifeCycle.Stage", Text),
    field("ModelLifeCycle.StageStatus", Text),
    field("ModelLifeCycle.StageDescription", Text),
    field("UpdatedModelPackageFields", Texts),
    field("Domain", Text),
    field("Task", Text),
    field("Tags", Open),
];

const PIPELINE: &[Field] = &[
    field("pipelineArn", Text),
    field("pipelineExecutionArn", Text),
    field("pipelineExecutionDisplayName", Text),
    field("pipelineExecutionDescription", Text),
    field("currentPipelineExecutionStatus", OneOf(PIPELINE_STATUS)),
    field("previousPipelineExecutionStatus", OneOf(PIPELINE_STATUS)),
    field("executionStartTime", Text),
    field("executionEndTime", Text),
];

const PIPELINE_STATUS: &[&str] = &["Executing", "Succeeded", "Failed", "Stopping", "Stopped"];

const PIPELINE_STEP: &[Field] = &[
    field("pipelineArn", Text),
    field("pipelineExecutionArn", Text),
    field("stepName", Text),
    field("stepType", Text),
    field("currentStepStatus", OneOf(STEP_STATUS)),
    field("previousStepStatus", OneOf(STEP_STATUS)),
    field("stepStartTime", Text),
    field("stepEndTime", Text),
    field("failureReason", Text),
    field("cacheHitResult", Open),
    field("metadata", Open),
];

const STEP_STATUS: &[&str] = &["Starting", "Executing", "Succeeded", "Failed", "Stopping", "Stopped"];

const CREATED: &[Field] = &[
    field("version", Text),
    field("bucket.name", Text),
    field("object.key", Text),
    field("object.size", Number),
    field("object.etag", Text),
    field("object.version-id", Text),
    field("object.sequencer", Text),
    field("request-id", Text),
    field("requester", Text),
    field("source-ip-address", Text),
    field("reason", OneOf(&["PutObject", "POST Object", "CopyObject", "CompleteMultipartUpload"])),
];

const DELETED: &[Field] = &[
    field("version", Text),
    field("bucket.name", Text),
    field("object.key", Text),
    field("object.version-id", Text),
    field("object.sequencer", Text),
    field("request-id", Text),
    field("requester", Text),
    field("source-ip-address", Text),
    field("reason", OneOf(&["DeleteObject", "Lifecycle Expiration"])),
    field("deletion-type", OneOf(&["Permanently Deleted", "Delete Marker Created"])),
];

const GIT_PUSH: &[Field] = &[
    field("host", Text),
    field("repository", Text),
    field("url", Text),
    field("ref", Text),
    field("branch", Text),
    field("tag", Text),
    field("event", OneOf(&["created", "updated", "deleted"])),
    field("before", Text),
    field("after", Text),
    field("forced", Bool),
    field("pusher", Text),
    field("pusher-id", Text),
    field("message", Text),
    field("files", Texts),
    field("files-omitted", Number),
    field("hook", Text),
];

const PULL_REQUEST: &[Field] = &[
    field("host", Text),
    field("repository", Text),
    field("url", Text),
    field("action", Text),
    field("event", OneOf(&["created", "updated", "closed", "merged", "reopened"])),
    field("number", Number),
    field("title", Text),
    field("merged", Bool),
    field("draft", Bool),
    field("head-branch", Text),
    field("head-commit", Text),
    field("head-repository", Text),
    field("base-branch", Text),
    field("base-commit", Text),
    field("merge-commit", Text),
    field("labels", Texts),
    field("label", Text),
    field("author", Text),
    field("actor", Text),
    field("actor-id", Text),
    field("link", Text),
    field("hook", Text),
];

const APPROVAL: &[Field] = &[
    field("id", Text),
    field("title", Text),
    field("status", Text),
    field("approved", Bool),
    field("by", Text),
    field("comment", Text),
    field("executionArn", Text),
];
