//! AWS Identity and Access Management. What is stored here is not evaluated yet (see the identity room).

mod attach_role_policy;
mod create_policy;
mod create_role;
mod delete_policy;
mod delete_role;
mod delete_role_policy;
mod detach_role_policy;
mod get_role;
mod get_role_policy;
mod list_attached_role_policies;
mod list_instance_profiles_for_role;
mod list_policy_tags;
mod list_role_policies;
mod list_role_tags;
mod paging;
mod put_role_policy;
mod shape;
mod tag_policy;
mod tag_role;
mod tags;
mod untag_policy;
mod untag_role;
mod update_assume_role_policy;
mod update_role;
mod update_role_description;

use crate::{Protocol, Service, operation};

/// The service.
pub static SERVICE: Service = Service {
    signing: "iam",
    sdk: "Iam",
    protocol: Protocol::Query {
        version: "2010-05-08",
        namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    },
    invalid: "ValidationError",
    times: &["CreateDate", "UpdateDate"],
    maps: &[],
    texts: &[],
    errors: &[
        "DeleteConflict",
        "EntityAlreadyExists",
        "InvalidInput",
        "LimitExceeded",
        "MalformedPolicyDocument",
        "NoSuchEntity",
    ],
    operations: &[
        operation!(AttachRolePolicy => attach_role_policy::run),
        operation!(CreatePolicy => create_policy::run),
        operation!(CreateRole => create_role::run),
        operation!(DeletePolicy => delete_policy::run),
        operation!(DeleteRole => delete_role::run),
        operation!(DeleteRolePolicy => delete_role_policy::run),
        operation!(DetachRolePolicy => detach_role_policy::run),
        operation!(GetRole => get_role::run),
        operation!(GetRolePolicy => get_role_policy::run),
        operation!(ListAttachedRolePolicies => list_attached_role_policies::run),
        operation!(ListInstanceProfilesForRole => list_instance_profiles_for_role::run),
        operation!(ListPolicyTags => list_policy_tags::run),
        operation!(ListRolePolicies => list_role_policies::run),
        operation!(ListRoleTags => list_role_tags::run),
        operation!(PutRolePolicy => put_role_policy::run),
        operation!(TagPolicy => tag_policy::run),
        operation!(TagRole => tag_role::run),
        operation!(UntagPolicy => untag_policy::run),
        operation!(UntagRole => untag_role::run),
        operation!(UpdateAssumeRolePolicy => update_assume_role_policy::run),
        operation!(UpdateRole => update_role::run),
        operation!(UpdateRoleDescription => update_role_description::run),
    ],
};
