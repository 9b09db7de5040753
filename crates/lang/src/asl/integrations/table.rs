//! The optimised integrations: one line each.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html>

/// An optimised integration.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// The service as resources name it.
    pub(super) service: &'static str,
    /// The action.
    pub(super) action: &'static str,
    /// The service and the operation of the catalog whose parameters it takes and whose answer it gives, if any.
    pub(super) operation: Option<(&'static str, &'static str)>,
    /// Parameters beyond the operation's.
    pub(super) more: &'static [Field],
    /// Parameters of the operation that it does not take.
    pub(super) less: &'static [&'static str],
    /// Parameters that the operation must have and it need not.
    pub(super) optional: &'static [&'static str],
    /// Members of the answer that hold any JSON here.
    pub(super) open: &'static [&'static str],
    /// Whether there is `.sync`.
    pub(super) sync: bool,
    /// The operation that `.sync` asks until the job is over.
    pub(super) poll: Option<&'static str>,
    /// Whether there is `.sync:2`.
    pub(super) sync2: bool,
    /// Whether there is `.waitForTaskToken`.
    pub(super) token: bool,
}

/// A parameter.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) required: bool,
}

const fn must(name: &'static str) -> Field {
    Field { name, required: true }
}

const fn may(name: &'static str) -> Field {
    Field { name, required: false }
}

/// Takes the parameters that are named, and no others.
const fn own(service: &'static str, action: &'static str, more: &'static [Field]) -> Row {
    Row { operation: None, more, ..of(service, action, ("", "")) }
}

/// Takes the parameters of the API's operation of that name.
const fn api(service: &'static str, action: &'static str) -> Row {
    of(service, action, (service, action))
}

/// Takes the parameters of another operation, or of a service that the SDK calls otherwise.
const fn of(service: &'static str, action: &'static str, operation: (&'static str, &'static str)) -> Row {
    Row {
        service,
        action,
        operation: Some(operation),
        more: &[],
        less: &[],
        optional: &[],
        open: &[],
        sync: false,
        poll: None,
        sync2: false,
        token: false,
    }
}

impl Row {
    const fn token(self) -> Self {
        Self { token: true, ..self }
    }

    const fn sync(self, poll: &'static str) -> Self {
        Self { sync: true, poll: Some(poll), ..self }
    }

    const fn sync2(self) -> Self {
        Self { sync2: true, ..self }
    }

    const fn open(self, open: &'static [&'static str]) -> Self {
        Self { open, ..self }
    }

    const fn more(self, more: &'static [Field]) -> Self {
        Self { more, ..self }
    }

    const fn less(self, less: &'static [&'static str]) -> Self {
        Self { less, ..self }
    }

    const fn optional(self, optional: &'static [&'static str]) -> Self {
        Self { optional, ..self }
    }
}

const EMR: &str = "elasticmapreduce";
const CONTAINERS: &str = "emr-containers";
const SERVERLESS: &str = "emr-serverless";

// What every call to the endpoint of a Kubernetes cluster needs.
const CLUSTER: Field = must("ClusterName");
const AUTHORITY: Field = must("CertificateAuthority");
const ENDPOINT: Field = must("Endpoint");

pub(super) const ROWS: &[Row] = &[
    own(
        "apigateway",
        "invoke",
        &[
            must("ApiEndpoint"),
            must("Method"),
            may("Headers"),
            may("Stage"),
            may("Path"),
            may("QueryParameters"),
            may("RequestBody"),
            may("AllowNullValues"),
            may("AuthType"),
        ],
    )
    .token(),
    api("athena", "startQueryExecution").sync("getQueryExecution"),
    api("athena", "stopQueryExecution"),
    api("athena", "getQueryExecution"),
    api("athena", "getQueryResults"),
    api("batch", "submitJob").sync("describeJobs"),
    api("bedrock", "createModelCustomizationJob").sync("getModelCustomizationJob").token(),
    of("bedrock", "invokeModel", ("bedrockruntime", "invokeModel"))
        .more(&[may("Input"), may("Output")])
        .optional(&["Body"])
        .open(&["Body"])
        .token(),
    of("bedrock-agentcore", "invokeHarness", ("bedrockagentcore", "invokeHarness"))
        .optional(&["RuntimeSessionId"]),
    api("codebuild", "startBuild").sync("batchGetBuilds"),
    api("codebuild", "stopBuild"),
    api("codebuild", "batchDeleteBuilds"),
    api("codebuild", "batchGetReports"),
    api("codebuild", "startBuildBatch").sync("batchGetBuildBatches"),
    api("codebuild", "stopBuildBatch"),
    api("codebuild", "retryBuildBatch").sync("batchGetBuildBatches"),
    api("codebuild", "deleteBuildBatch"),
    api("databrew", "startJobRun").sync("describeJobRun"),
    api("dynamodb", "getItem"),
    api("dynamodb", "putItem"),
    api("dynamodb", "deleteItem"),
    api("dynamodb", "updateItem"),
    api("ecs", "runTask").sync("describeTasks").token(),
    api("eks", "createCluster").sync("describeCluster"),
    api("eks", "deleteCluster").sync("describeCluster"),
    api("eks", "createFargateProfile").sync("describeFargateProfile"),
    api("eks", "deleteFargateProfile").sync("describeFargateProfile"),
    api("eks", "createNodegroup").sync("describeNodegroup"),
    api("eks", "deleteNodegroup").sync("describeNodegroup"),
    own(
        "eks",
        "call",
        &[
            CLUSTER,
            AUTHORITY,
            ENDPOINT,
            must("Method"),
            must("Path"),
            may("QueryParameters"),
            may("RequestBody"),
        ],
    )
    .token(),
    Row {
        sync: true,
        ..own(
            "eks",
            "runJob",
            &[CLUSTER, AUTHORITY, ENDPOINT, may("Namespace"), must("Job"), may("LogOptions")],
        )
    }
    .token(),
    of(EMR, "createCluster", ("emr", "runJobFlow")).less(&["Steps"]).sync("describeCluster"),
    own(EMR, "terminateCluster", &[must("ClusterId")]).sync("describeCluster"),
    own(EMR, "addStep", &[must("ClusterId"), must("Step"), may("ExecutionRoleArn")]).sync("describeStep"),
    own(EMR, "cancelStep", &[must("ClusterId"), must("StepId")]),
    own(EMR, "setClusterTerminationProtection", &[must("ClusterId"), must("TerminationProtected")]),
    own(
        EMR,
        "modifyInstanceFleetByName",
        &[must("ClusterId"), must("InstanceFleetName"), must("InstanceFleet")],
    ),
    own(
        EMR,
        "modifyInstanceGroupByName",
        &[must("ClusterId"), must("InstanceGroupName"), must("InstanceGroup")],
    ),
    of(CONTAINERS, "createVirtualCluster", ("emrcontainers", "createVirtualCluster"))
        .optional(&["ClientToken"]),
    of(CONTAINERS, "deleteVirtualCluster", ("emrcontainers", "deleteVirtualCluster"))
        .sync("describeVirtualCluster"),
    of(CONTAINERS, "startJobRun", ("emrcontainers", "startJobRun"))
        .optional(&["ClientToken"])
        .sync("describeJobRun"),
    of(SERVERLESS, "createApplication", ("emrserverless", "createApplication"))
        .optional(&["ClientToken"])
        .sync("getApplication"),
    of(SERVERLESS, "startApplication", ("emrserverless", "startApplication")).sync("getApplication"),
    of(SERVERLESS, "stopApplication", ("emrserverless", "stopApplication")).sync("getApplication"),
    of(SERVERLESS, "deleteApplication", ("emrserverless", "deleteApplication")).sync("getApplication"),
    of(SERVERLESS, "startJobRun", ("emrserverless", "startJobRun"))
        .optional(&["ClientToken"])
        .sync("getJobRun"),
    of(SERVERLESS, "cancelJobRun", ("emrserverless", "cancelJobRun")).sync("getJobRun"),
    of("events", "putEvents", ("eventbridge", "putEvents")).token(),
    api("glue", "startJobRun").sync("getJobRun"),
    own(
        "http",
        "invoke",
        &[
            must("ApiEndpoint"),
            must("Method"),
            may("Authentication"),
            may("InvocationConfig"),
            may("Headers"),
            may("QueryParameters"),
            may("RequestBody"),
            may("Transform"),
        ],
    ),
    api("lambda", "invoke").open(&["Payload"]).token(),
    api("mediaconvert", "createJob").sync("getJob"),
    api("sagemaker", "createEndpoint"),
    api("sagemaker", "createEndpointConfig"),
    api("sagemaker", "createHyperParameterTuningJob").sync("describeHyperParameterTuningJob"),
    api("sagemaker", "createLabelingJob").sync("describeLabelingJob"),
    api("sagemaker", "createModel"),
    api("sagemaker", "createProcessingJob").sync("describeProcessingJob"),
    api("sagemaker", "createTrainingJob").sync("describeTrainingJob"),
    api("sagemaker", "createTransformJob").sync("describeTransformJob"),
    api("sagemaker", "updateEndpoint"),
    api("sns", "publish").token(),
    api("sqs", "sendMessage").token(),
    of("states", "startExecution", ("sfn", "startExecution"))
        .sync("describeExecution")
        .sync2()
        .open(&["Input", "Output"])
        .token(),
];
