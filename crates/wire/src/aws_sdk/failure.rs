//! The names that Step Functions gives the errors of `aws-sdk:` tasks: the SDK for Java's exception classes.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html>

use trainyard_domain::Failure;

use crate::{ApiError, Service, error};

/// The failure that an execution sees.
pub(super) fn of(service: &Service, refusal: &ApiError, request_id: &str) -> Failure {
    let error = format!("{}.{}", service.sdk, class(service, &refusal.code));
    let (message, sdk) = (&refusal.message, service.sdk);
    let cause = if sdk == "S3" {
        let status = error::rest_status(refusal.kind).as_u16();
        format!(
            "{message} (Service: S3, Status Code: {status}, Request ID: {request_id}, \
             Extended Request ID: {request_id})"
        )
    } else {
        let status = error::status(refusal.kind).as_u16();
        format!(
            "{message} (Service: {sdk}, Status Code: {status}, Request ID: {request_id}) (SDK Attempt Count: 1)"
        )
    };
    Failure::new(error, cause)
}

/// An error that the service's model knows has a class of its own, which ends in `Exception`; all others are the
/// service's general one.
fn class(service: &Service, code: &str) -> String {
    if !service.errors.contains(&code) {
        return format!("{}Exception", service.sdk);
    }
    let stem = code.strip_suffix("Fault").or_else(|| code.strip_suffix("Exception")).unwrap_or(code);
    format!("{stem}Exception")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Protocol;

    static S3: Service = Service {
        signing: "s3",
        sdk: "S3",
        protocol: Protocol::Query { version: "", namespace: "" },
        invalid: "InvalidRequest",
        times: &[],
        maps: &[],
        texts: &[],
        errors: &["NoSuchKey", "ConflictException"],
        operations: &[],
    };

    #[test]
    fn classes_are_javas() {
        let check = |code, expect| assert_eq!(class(&S3, code), expect);
        check("NoSuchKey", "NoSuchKeyException");
        check("ConflictException", "ConflictException");
        check("MalformedXML", "S3Exception");
    }
}
