//! Which endpoint of the distribution API a path means. Pure.
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints>

use percent_encoding::percent_decode_str;
use trainyard_domain::content::Digest;
use trainyard_services::images::{Reference, names::check_name};

use super::error::OciError;

/// An endpoint, with names and digests that keep the rules.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v2/`
    Base,
    /// `/v2/_catalog`
    Catalog,
    /// Within a repository.
    In(String, Inner),
}

/// What of a repository.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inner {
    /// `/tags/list`
    Tags,
    /// `/manifests/<reference>`
    Manifest(Reference),
    /// `/blobs/<digest>`
    Blob(Digest),
    /// `/blobs/uploads/`
    Uploads,
    /// `/blobs/uploads/<id>`
    Upload(String),
    /// `/referrers/<digest>`
    Referrers(Digest),
}

/// Reads the path of a request, `/v2/…`. Decoded once; what does not keep the rules then is refused, so that no `..`
/// ever gets further.
pub(super) fn parse(path: &str) -> Result<Route, OciError> {
    let path = percent_decode_str(path).decode_utf8().map_err(|_| OciError::no_such_path())?;
    let Some(rest) = path.strip_prefix("/v2").and_then(|rest| rest.strip_prefix('/')) else {
        return if path == "/v2" { Ok(Route::Base) } else { Err(OciError::no_such_path()) };
    };
    match rest {
        "" => return Ok(Route::Base),
        "_catalog" => return Ok(Route::Catalog),
        _ => {}
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (name, inner) = split(rest)?;
    check_name(name)?;
    Ok(Route::In(name.to_owned(), inner))
}

fn split(rest: &str) -> Result<(&str, Inner), OciError> {
    if let Some(name) = rest.strip_suffix("/tags/list") {
        return Ok((name, Inner::Tags));
    }
    if let Some(name) = rest.strip_suffix("/blobs/uploads") {
        return Ok((name, Inner::Uploads));
    }
    let (before, last) = rest.rsplit_once('/').ok_or_else(OciError::no_such_path)?;
    if let Some(name) = before.strip_suffix("/blobs/uploads") {
        return Ok((name, Inner::Upload(last.to_owned())));
    }
    let (name, kind) = before.rsplit_once('/').ok_or_else(OciError::no_such_path)?;
    let inner = match kind {
        "manifests" => Inner::Manifest(Reference::parse(last)?),
        "blobs" => Inner::Blob(digest(last)?),
        "referrers" => Inner::Referrers(digest(last)?),
        _ => return Err(OciError::no_such_path()),
    };
    Ok((name, inner))
}

/// A digest, as it stands in a path or query.
pub(super) fn digest(text: &str) -> Result<Digest, OciError> {
    text.parse().map_err(|e| OciError::from(trainyard_services::images::Error::BadDigest(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expect: Option<Route>) {
        assert_eq!(parse(path).ok(), expect, "{path}");
    }

    #[test]
    fn every_endpoint() {
        let d = Digest::of(b"");
        let within = |inner| Some(Route::In("a/bc".to_owned(), inner));
        check("/v2", Some(Route::Base));
        check("/v2/", Some(Route::Base));
        check("/v2/_catalog", Some(Route::Catalog));
        check("/v2/a/bc/tags/list", within(Inner::Tags));
        check("/v2/a/bc/manifests/v1", within(Inner::Manifest(Reference::Tag("v1".to_owned()))));
        check(&format!("/v2/a/bc/manifests/{d}"), within(Inner::Manifest(Reference::Digest(d.clone()))));
        check(&format!("/v2/a/bc/blobs/{d}"), within(Inner::Blob(d.clone())));
        check(&format!("/v2/a/bc/blobs/{}", d.as_str().replace(':', "%3A")), within(Inner::Blob(d.clone())));
        check("/v2/a/bc/blobs/uploads/", within(Inner::Uploads));
        check("/v2/a/bc/blobs/uploads", within(Inner::Uploads));
        check("/v2/a/bc/blobs/uploads/x-1", within(Inner::Upload("x-1".to_owned())));
        check(&format!("/v2/a/bc/referrers/{d}"), within(Inner::Referrers(d)));
    }

    #[test]
    fn no_way_out() {
        for path in [
            "/v2x",
            "/v2//tags/list",
            "/v2/../tags/list",
            "/v2/%2e%2e/tags/list",
            "/v2/a/%2e%2e/b/manifests/x",
            "/v2/a%2f..%2fb/manifests/x",
            "/v2/ab/manifests/..",
            "/v2/ab/manifests/a%00",
            "/v2/ab/blobs/sha256:../../etc/passwd",
            "/v2/ab/blobs/sha512:00",
            "/v2/AB/tags/list",
            "/v2/ab/other/x",
            "/v2/ab",
        ] {
            check(path, None);
        }
    }
}
