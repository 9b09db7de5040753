//! Which repository, and what is to be done with it. Pure.

use http::{Method, StatusCode, request::Parts};

use super::header_text;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Which refs there are, before a fetch.
    AskToFetch,
    /// Which refs there are, before a push.
    AskToPush,
    /// A fetch.
    Fetch,
    /// A push.
    Push,
}

/// A request, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The repository's name; not checked yet.
    pub name: String,
    /// What is asked for.
    pub act: Act,
}

impl Act {
    /// The path below the repository.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::AskToFetch | Self::AskToPush => "/info/refs",
            Self::Fetch => "/git-upload-pack",
            Self::Push => "/git-receive-pack",
        }
    }

    pub(super) fn query(self) -> &'static str {
        match self {
            Self::AskToFetch => "service=git-upload-pack",
            Self::AskToPush => "service=git-receive-pack",
            Self::Fetch | Self::Push => "",
        }
    }

    pub(super) fn method(self) -> Method {
        match self {
            Self::AskToFetch | Self::AskToPush => Method::GET,
            Self::Fetch | Self::Push => Method::POST,
        }
    }

    fn content_type(self) -> Option<&'static str> {
        match self {
            Self::AskToFetch | Self::AskToPush => None,
            Self::Fetch => Some("application/x-git-upload-pack-request"),
            Self::Push => Some("application/x-git-receive-pack-request"),
        }
    }
}

/// Reads the request, or says why it is none of git's smart protocol.
pub(super) fn of(parts: &Parts) -> Result<Route, (StatusCode, &'static str)> {
    let unknown = (StatusCode::NOT_FOUND, "a repository's address is /git/<name>.git");
    let rest = parts.uri.path().strip_prefix("/git/").ok_or(unknown)?;
    let (name, path) = rest.split_once(".git/").ok_or(unknown)?;
    let act = match (path, parts.uri.query().unwrap_or_default()) {
        ("info/refs", "service=git-upload-pack") => Act::AskToFetch,
        ("info/refs", "service=git-receive-pack") => Act::AskToPush,
        ("git-upload-pack", "") => Act::Fetch,
        ("git-receive-pack", "") => Act::Push,
        _ => return Err((StatusCode::FORBIDDEN, "only git's smart protocol is spoken here")),
    };
    if parts.method != act.method() {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "the method does not fit the path"));
    }
    if act.content_type().is_some_and(|kind| header_text(parts, "content-type") != Some(kind)) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type does not fit the path"));
    }
    match header_text(parts, "content-encoding") {
        None | Some("gzip" | "x-gzip" | "identity") => Ok(Route { name: name.to_owned(), act }),
        Some(_) => Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "only gzip is taken as a content encoding")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, path: &str, kind: &str, expect: Result<(&str, Act), u16>) {
        let request = http::Request::builder().method(method).uri(path).header("content-type", kind);
        let found = of(&request.body(()).unwrap().into_parts().0);
        let found = found.map_err(|(status, _)| status.as_u16());
        assert_eq!(found, expect.map(|(name, act)| Route { name: name.to_owned(), act }), "{path}");
    }

    #[test]
    fn only_the_smart_protocol() {
        let push = "application/x-git-receive-pack-request";
        check("GET", "/git/train.git/info/refs?service=git-upload-pack", "", Ok(("train", Act::AskToFetch)));
        check("GET", "/git/train.git/info/refs?service=git-receive-pack", "", Ok(("train", Act::AskToPush)));
        check("POST", "/git/train.git/git-receive-pack", push, Ok(("train", Act::Push)));
        check("POST", "/git/train.git/git-receive-pack", "text/plain", Err(415));
        check("POST", "/git/train.git/git-upload-pack", push, Err(415));
        check("GET", "/git/train.git/git-receive-pack", push, Err(405));
        check("GET", "/git/train.git/info/refs", "", Err(403));
        check("GET", "/git/train.git/HEAD", "", Err(403));
        check("GET", "/git/train.git/objects/info/packs", "", Err(403));
        check("GET", "/git/train/info/refs?service=git-upload-pack", "", Err(404));
        check("GET", "/git/", "", Err(404));
    }
}
