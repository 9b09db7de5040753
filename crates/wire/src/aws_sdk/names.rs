//! Members whose names in AWS's SDK for Java are not the API's with a capital first letter.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html>

use crate::Service;

/// The SDK's name and the API's with a capital, of all such members of what the service takes and answers.
pub fn odd_names(service: &Service) -> &'static [(&'static str, &'static str)] {
    match service.sdk {
        "S3" => &[
            ("Acl", "ACL"),
            ("Id", "ID"),
            ("Mfa", "MFA"),
            ("SseCustomerAlgorithm", "SSECustomerAlgorithm"),
            ("SseCustomerKey", "SSECustomerKey"),
            ("SseCustomerKeyMD5", "SSECustomerKeyMD5"),
            ("SsekmsEncryptionContext", "SSEKMSEncryptionContext"),
            ("SsekmsKeyId", "SSEKMSKeyId"),
        ],
        "Sqs" => &[
            ("AwsAccountIds", "AWSAccountIds"),
            ("Md5OfBody", "MD5OfBody"),
            ("Md5OfMessageAttributes", "MD5OfMessageAttributes"),
            ("Md5OfMessageBody", "MD5OfMessageBody"),
            ("Md5OfMessageSystemAttributes", "MD5OfMessageSystemAttributes"),
        ],
        _ => &[],
    }
}

/// The API's name of a member that the SDK calls `name`.
pub(super) fn to_api<'n>(service: &Service, name: &'n str) -> &'n str {
    odd_names(service).iter().find(|(sdk, _)| *sdk == name).map_or(name, |(_, api)| api)
}

/// The SDK's name of a member that the API calls `name`, with a capital.
pub(super) fn to_sdk<'n>(service: &Service, name: &'n str) -> &'n str {
    odd_names(service).iter().find(|(_, api)| *api == name).map_or(name, |(sdk, _)| sdk)
}
