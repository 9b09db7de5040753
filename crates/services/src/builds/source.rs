//! Where a source comes from. Pure.

use super::{Error, Source};
use crate::repositories::check_name;

/// Where a source comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A repository of the built-in host, whatever host its URL names.
    BuiltIn {
        /// Its name.
        repository: String,
    },
    /// A repository elsewhere, cloned with the credential for its kind of host, if there is one.
    Elsewhere {
        /// Its URL.
        url: String,
    },
    /// There is none.
    None,
}

impl Origin {
    /// Reads a source's type and location.
    pub fn of(source: &Source) -> Result<Self, Error> {
        match (source.kind.as_str(), source.location.as_deref()) {
            ("NO_SOURCE", None | Some(""))
                if source.buildspec.as_deref().is_none_or(|spec| !is_inline(spec)) =>
            {
                Err(Error::Invalid(
                    "a project with NO_SOURCE must have its buildspec in `source.buildspec`".to_owned(),
                ))
            }
            ("NO_SOURCE", None | Some("")) => Ok(Self::None),
            ("NO_SOURCE", Some(_)) => Err(Error::Invalid("NO_SOURCE has no `source.location`".to_owned())),
            (
                "GITHUB"
                | "GITHUB_ENTERPRISE"
                | "CODECOMMIT"
                | "BITBUCKET"
                | "GITLAB"
                | "GITLAB_SELF_MANAGED",
                Some(url),
            ) => Self::of_url(url),
            ("S3" | "CODEPIPELINE", _) => Err(Error::Invalid(format!(
                "source.type {} is not supported here: name a git repository, with GITHUB for the built-in host",
                source.kind
            ))),
            (kind, None) => Err(Error::Invalid(format!("`source.location` is missing, which {kind} needs"))),
            (kind, _) => Err(Error::Invalid(format!("Invalid source.type {kind}"))),
        }
    }

    fn of_url(url: &str) -> Result<Self, Error> {
        let invalid = |why: &str| Error::Invalid(format!("Invalid source.location `{}`: {why}", shown(url)));
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let rest = rest.ok_or_else(|| invalid("it must be an https:// or http:// URL"))?;
        let (host, path) = rest.split_once('/').ok_or_else(|| invalid("it names no repository"))?;
        if host.contains('@') {
            return Err(invalid("credentials do not belong into it"));
        }
        let legal = |b: u8| b.is_ascii_graphic() && !b"\"'\\<>`{}|^".contains(&b);
        if host.is_empty() || path.is_empty() || !url.bytes().all(legal) {
            return Err(invalid("it is no URL"));
        }
        if let Some(name) = path.strip_prefix("git/").and_then(|name| name.strip_suffix(".git"))
            && check_name(name).is_ok()
        {
            return Ok(Self::BuiltIn { repository: name.to_owned() });
        }
        if url.starts_with("https://") {
            Ok(Self::Elsewhere { url: url.to_owned() })
        } else {
            Err(invalid("a repository that is not on this server must be reached by https"))
        }
    }

    /// The repository as lineage and people name it.
    pub fn name(&self) -> Option<String> {
        match self {
            Self::BuiltIn { repository } => Some(repository.clone()),
            Self::Elsewhere { url } => Some(url.clone()),
            Self::None => None,
        }
    }
}

/// A repository elsewhere as it is known by: host and path in lower case, without `.git`, since hosts and people write
/// them as they like. Never the name of one of the built-in host.
pub(super) fn elsewhere_name(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1.trim_end_matches('/');
    let name = rest.strip_suffix(".git").unwrap_or(rest).to_ascii_lowercase();
    name.contains('/').then_some(name)
}

/// The host that a URL is reached at by https, in lower case, with its port where that is not the usual one.
pub(super) fn host_of(url: &str) -> Option<String> {
    let host = url.strip_prefix("https://")?.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let host = host.strip_suffix(":443").unwrap_or(&host);
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    Some(host.to_owned()).filter(|host| !host.is_empty() && host.bytes().all(legal))
}

/// Whether a project's `buildspec` is the text itself and not its path.
pub(super) fn is_inline(buildspec: &str) -> bool {
    buildspec.contains('\n') || buildspec.trim_start().starts_with('{')
}

/// A URL without what may be a secret in it.
fn shown(url: &str) -> String {
    match url.split_once('@') {
        Some((before, after)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}://…@{after}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: &str, location: &str, expect: Result<Origin, &str>) {
        let location = Some(location.to_owned()).filter(|text| !text.is_empty());
        let source = Source { kind: kind.to_owned(), location, ..Source::default() };
        match (Origin::of(&source), expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found, expect),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, expect) => panic!("{found:?} instead of {expect:?}"),
        }
    }

    #[test]
    fn locations() {
        let ours = |name: &str| Ok(Origin::BuiltIn { repository: name.to_owned() });
        check("GITHUB", "http://127.0.0.1:4566/git/train.git", ours("train"));
        check("GITHUB", "https://anything.example/git/My-Repo.git", ours("My-Repo"));
        check("CODECOMMIT", "http://localhost/git/x.git", ours("x"));
        let url = "https://github.com/team/train.git";
        check("GITHUB", url, Ok(Origin::Elsewhere { url: url.to_owned() }));
        check("GITHUB", "http://github.com/team/train.git", Err("https"));
        check("GITHUB", "https://user:secret@github.com/team/train.git", Err("https://…@github.com/team"));
        check("GITHUB", "/etc", Err("https://"));
        check("GITHUB", "ext::sh -c id", Err("https://"));
        check("GITHUB", "", Err("missing"));
        check("S3", "bucket/key", Err("not supported"));
        check("NO_SOURCE", "", Err("source.buildspec"));
        check("SVN", "https://x/y", Err("Invalid source.type SVN"));
    }

    #[test]
    fn hosts_of_urls() {
        let check = |url: &str, expect: Option<&str>| assert_eq!(host_of(url).as_deref(), expect, "{url}");
        check("https://GitHub.com/team/train.git", Some("github.com"));
        check("https://git.example:443/x", Some("git.example"));
        check("https://git.example:8443/x", Some("git.example:8443"));
        // As curl reads it.
        check("https://git.example?x/y", Some("git.example"));
        check("https://git.example#/other.example/", Some("git.example"));
        check("http://git.example/x", None);
        for none in ["https:///x", "https://a@git.example/x", "https://*.example/x"] {
            check(none, None);
        }
    }

    #[test]
    fn a_repository_elsewhere_has_one_name() {
        let same = [
            "https://github.com/Team/train.git",
            "http://GitHub.com/team/train",
            "https://github.com/team/train/",
        ];
        assert!(same.iter().all(|url| elsewhere_name(url).unwrap() == "github.com/team/train"));
        assert!(elsewhere_name("train").is_none() && elsewhere_name("https://train").is_none());
    }
}
