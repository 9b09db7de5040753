//! Buckets in the Host header: `<bucket>.localhost`, `<bucket>.s3.<region>.amazonaws.com`.

use s3s::{
    S3Result,
    host::{S3Host, VirtualHost},
};

/// Finds the bucket in the Host header.
pub(super) struct Buckets;

impl S3Host for Buckets {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        Ok(match bucket(host) {
            Some(bucket) => VirtualHost::new(host).with_bucket(bucket),
            None => VirtualHost::new(host),
        })
    }
}

/// What stands before the server's own name; nothing in a path-style request.
pub(super) fn bucket(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if let Some(bucket) = name.strip_suffix(".localhost") {
        // `s3.localhost` and `s3.localhost.localstack.cloud`-like set-ups name the service, not a bucket.
        let bucket = bucket.strip_suffix(".s3").unwrap_or(bucket);
        return (bucket != "s3").then_some(bucket);
    }
    let rest = name.strip_suffix(".amazonaws.com")?;
    // `<bucket>.s3.<region>`, `<bucket>.s3`, `<bucket>.s3-<region>`: the bucket's own name may have dots.
    let labels: Vec<&str> = rest.split('.').collect();
    let at = labels.iter().rposition(|label| *label == "s3" || label.starts_with("s3-"))?;
    let length = labels[..at].iter().map(|label| label.len() + 1).sum::<usize>();
    length.checked_sub(1).map(|length| &rest[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_of_hosts() {
        for (host, expect) in [
            ("localhost:4566", None),
            ("train.example.org:4566", None),
            ("data.localhost:4566", Some("data")),
            ("data.s3.localhost", Some("data")),
            ("s3.localhost", None),
            ("s3.amazonaws.com", None),
            ("s3.us-east-1.amazonaws.com", None),
            ("data.s3.amazonaws.com", Some("data")),
            ("a.b.s3.us-east-1.amazonaws.com", Some("a.b")),
            ("data.s3-eu-west-1.amazonaws.com", Some("data")),
            ("sts.us-east-1.amazonaws.com", None),
        ] {
            assert_eq!(bucket(host), expect, "{host}");
        }
    }
}
