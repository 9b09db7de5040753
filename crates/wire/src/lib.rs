//! AWS protocols, S3, OCI distribution and git over HTTP.
