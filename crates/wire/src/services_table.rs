//! All AWS services that are answered: one line each.

use crate::Service;

/// The services. A new one is a folder with its table, and a line here.
pub static SERVICES: &[&Service] = &[
    &crate::codebuild::SERVICE,
    &crate::ecr::SERVICE,
    &crate::events::SERVICE,
    &crate::iam::SERVICE,
    &crate::logs::SERVICE,
    &crate::s3::SERVICE,
    &crate::sagemaker::SERVICE,
    &crate::sagemaker_runtime::SERVICE,
    &crate::scheduler::SERVICE,
    &crate::sqs::SERVICE,
    &crate::states::SERVICE,
    &crate::sts::SERVICE,
    &crate::trainyard::SERVICE,
    &crate::trainyard::tail::SERVICE,
];

/// The service that requests signed for `scope` go to, such as `states`.
pub fn by_signing_scope(scope: &str) -> impl Iterator<Item = &'static Service> {
    SERVICES.iter().copied().filter(move |service| service.signing == scope)
}

/// The service that `aws-sdk:<name>:…` means.
pub fn by_sdk_name(name: &str) -> Option<&'static Service> {
    SERVICES.iter().copied().find(|service| service.sdk.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for (at, service) in SERVICES.iter().enumerate() {
            assert!(SERVICES[..at].iter().all(|other| other.sdk != service.sdk), "{}", service.sdk);
            for (at, operation) in service.operations.iter().enumerate() {
                let before = &service.operations[..at];
                assert!(before.iter().all(|other| other.name != operation.name), "{}", operation.name);
            }
        }
    }
}
