//! AWS Security Token Service.

mod assume_role;
mod get_caller_identity;

use crate::{Protocol, Service, operation};

/// The service.
pub static SERVICE: Service = Service {
    signing: "sts",
    sdk: "Sts",
    protocol: Protocol::Query {
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    },
    invalid: "ValidationError",
    times: &["Expiration"],
    maps: &[],
    texts: &[],
    errors: &["ExpiredTokenException", "MalformedPolicyDocument", "PackedPolicyTooLarge"],
    operations: &[
        operation!(AssumeRole => assume_role::run),
        operation!(GetCallerIdentity => get_caller_identity::run),
    ],
};
