//! Amazon SageMaker Runtime: models answer.

mod http_face;
mod invoke_endpoint;

use crate::{Protocol, Service, operation};

/// A request may have so many bytes.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html>
const BODY_LIMIT: usize = 25 << 20;

/// The service. It shares its signing name with SageMaker itself and is told from it by its paths.
pub static SERVICE: Service = Service {
    signing: "sagemaker",
    sdk: "SageMakerRuntime",
    protocol: Protocol::Rest { path: "/endpoints/", body_limit: BODY_LIMIT, serve: http_face::serve },
    invalid: "ValidationError",
    times: &[],
    maps: &[],
    texts: &[],
    errors: &[
        "InternalDependencyException",
        "InternalFailure",
        "ModelError",
        "ModelNotReadyException",
        "ServiceUnavailable",
        "ValidationError",
    ],
    operations: &[operation!(InvokeEndpoint => invoke_endpoint::run)],
};
