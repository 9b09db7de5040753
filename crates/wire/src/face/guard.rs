//! What is looked at before anything else: the Host header, and whether a web page of another site sent the request.
//!
//! A page in the user's browser can send requests to a server on loopback. A Host header that is none of ours means
//! that a foreign name was made to point here (DNS rebinding); a foreign Origin means that another site's page asks.

use http::request::Parts;

/// Names that mean this server, besides loopback and AWS's own.
#[derive(Clone, Debug, Default)]
pub struct Hosts(Vec<String>);

/// Why a request is not looked at any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// There is no Host header, or it is none.
    NoHost,
    /// The Host is not one of ours.
    Misdirected,
    /// A page of another site sent it.
    CrossSite,
    /// Its head is larger than any that a client of ours sends.
    Large,
}

/// How large the path and the headers may be together.
const HEAD_BYTES: usize = 16 * 1024;

/// Refuses a head that is too large.
pub(super) fn size(parts: &Parts) -> Result<(), Stop> {
    let headers: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let path = parts.uri.path_and_query().map_or(0, |path| path.as_str().len());
    if headers + path > HEAD_BYTES { Err(Stop::Large) } else { Ok(()) }
}

impl Hosts {
    /// The configured names, without ports.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    fn has(&self, name: &str) -> bool {
        // Clients put this before the name for `StartSyncExecution`.
        // https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html
        let name = name.strip_prefix("sync-").unwrap_or(name);
        is_loopback(name)
            || name.ends_with(".localhost")
            || name.ends_with(".amazonaws.com")
            || self
                .0
                .iter()
                .any(|ours| name == ours || name.strip_suffix(ours).is_some_and(|s| s.ends_with('.')))
    }

    /// The request's authority, `localhost:4566`, when the Host is one of ours.
    pub(super) fn check(&self, parts: &Parts) -> Result<String, Stop> {
        let mut stated = parts.headers.get_all("host").iter();
        let host = stated.next().and_then(|value| value.to_str().ok()).ok_or(Stop::NoHost)?;
        if stated.next().is_some() {
            return Err(Stop::NoHost);
        }
        let name = name_of(host).ok_or(Stop::NoHost)?.to_ascii_lowercase();
        if self.has(&name) { Ok(host.to_owned()) } else { Err(Stop::Misdirected) }
    }
}

/// Refuses what a page of another site sent. `host` is the request's own authority.
pub(super) fn same_site(parts: &Parts, host: &str) -> Result<(), Stop> {
    let text = |name| parts.headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    // `same-site` is another port or another name of ours: another program's page all the same.
    if text("sec-fetch-site").is_some_and(|site| !["same-origin", "none"].contains(&site)) {
        return Err(Stop::CrossSite);
    }
    match text("origin") {
        None => Ok(()),
        Some(origin) => {
            let theirs = origin.split_once("://").map(|(_, authority)| authority);
            if theirs.is_some_and(|t| t.eq_ignore_ascii_case(host)) { Ok(()) } else { Err(Stop::CrossSite) }
        }
    }
}

fn is_loopback(name: &str) -> bool {
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The name in `name:port`, `[::1]:port` or either without a port.
fn name_of(host: &str) -> Option<&str> {
    let (name, rest) = match host.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port = rest.strip_prefix(':').unwrap_or(rest);
    let legal = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b));
    (legal && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit())).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_our_own_names() {
        let hosts = Hosts::new(["Train.example.org".to_owned()]);
        let check = |host: &str, expect: Result<(), Stop>| {
            assert_eq!(hosts.check(&parts(&[("host", host)])).map(drop), expect, "{host}");
        };
        for ours in [
            "127.0.0.1:4566",
            "127.9.9.9",
            "localhost",
            "LocalHost:1",
            "[::1]:4566",
            "b.localhost:4566",
            "bucket.s3.us-east-1.amazonaws.com",
            "sync-localhost:4566",
            "sync-127.0.0.1:4566",
            "train.example.org",
            "bucket.train.example.org:80",
        ] {
            check(ours, Ok(()));
        }
        for foreign in [
            "evil.example",
            "sync-evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "xtrain.example.org",
            "0.0.0.0",
        ] {
            check(foreign, Err(Stop::Misdirected));
        }
        for none in ["", ":80", "a b", "[::1", "localhost:http", "localhost:1:2", "evil@localhost"] {
            check(none, Err(Stop::NoHost));
        }
        assert_eq!(hosts.check(&parts(&[])), Err(Stop::NoHost));
        let two = parts(&[("host", "localhost"), ("host", "evil.example")]);
        assert_eq!(hosts.check(&two), Err(Stop::NoHost));
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let check = |name, value, fine: bool| {
            assert_eq!(
                same_site(&parts(&[(name, value)]), "localhost:4566").is_ok(),
                fine,
                "{name}: {value}"
            );
        };
        check("origin", "http://localhost:4566", true);
        check("origin", "http://localhost:3000", false);
        check("origin", "https://evil.example", false);
        check("origin", "null", false);
        check("sec-fetch-site", "same-origin", true);
        check("sec-fetch-site", "none", true);
        check("sec-fetch-site", "cross-site", false);
        check("sec-fetch-site", "same-site", false);
        check("sec-fetch-site", "unheard", false);
    }
}
