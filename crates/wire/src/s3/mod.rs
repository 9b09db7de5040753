//! Amazon S3, on `s3s` for the wire and on the artifacts room for all else.
//!
//! `s3s` reads requests, checks their signatures (headers, presigned URLs, signed chunks) and writes answers. Ours:
//! who may ask and what is refused by name ([`access`]), bodies and their checksums ([`body`]), and the operations,
//! by what they deal with: [`buckets`], [`objects`], [`copies`], [`listing`], [`uploads`].

mod access;
mod body;
mod buckets;
mod checksum;
mod copies;
mod crc;
mod error;
mod face;
mod host;
mod listing;
mod objects;
mod old_query;
mod open;
mod operations;
mod reading;
mod serve;
mod shape;
mod uploads;

pub(crate) use old_query::OldQuery;
pub(crate) use serve::serve;

use crate::{Protocol, Service, operation};

/// The service. Its operations are for `aws-sdk:` tasks.
pub static SERVICE: Service = Service {
    signing: "s3",
    sdk: "S3",
    protocol: Protocol::S3 { serve },
    invalid: "InvalidRequest",
    times: &["LastModified", "CreationDate", "Expires"],
    maps: &["Metadata"],
    texts: &[],
    errors: &[
        "BucketAlreadyExists",
        "BucketAlreadyOwnedByYou",
        "InvalidObjectState",
        "NoSuchBucket",
        "NoSuchKey",
        "NoSuchUpload",
    ],
    operations: &[
        operation!(DeleteObject => operations::delete_object::run),
        operation!(GetObject => operations::get_object::run),
        operation!(HeadObject => operations::head_object::run),
        operation!(ListBuckets => operations::list_buckets::run),
        operation!(ListObjects => operations::list_objects::run),
        operation!(ListObjectsV2 => operations::list_objects_v2::run),
        operation!(PutObject => operations::put_object::run),
    ],
};
