//! How images are named: repositories, tags, references, and whole URIs. Pure.

use std::fmt;

use trainyard_domain::{Scope, content::Digest};

use super::Error;

/// What a repository's name looks like.
/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html>
pub const NAME_PATTERN: &str = "(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*";

/// What a tag looks like.
pub const TAG_PATTERN: &str = "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}";

/// Which image of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The one that has this tag now.
    Tag(String),
    /// That one and no other.
    Digest(Digest),
}

/// An image's whole name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    /// Whose registry.
    pub scope: Scope,
    /// Which repository.
    pub repository: String,
    /// Which image.
    pub reference: Reference,
}

/// Refuses what cannot be a repository's name (2 to 256 characters of [`NAME_PATTERN`]).
pub fn check_name(name: &str) -> Result<(), Error> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let word = |word: &str| !word.is_empty() && word.bytes().all(legal);
    let piece = |piece: &str| piece.split(['.', '_', '-']).all(word);
    if (2..=256).contains(&name.len()) && name.split('/').all(piece) {
        return Ok(());
    }
    Err(Error::BadName(name.to_owned()))
}

/// Refuses what cannot be a tag.
pub fn check_tag(tag: &str) -> Result<(), Error> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let whole = (1..=128).contains(&tag.len()) && tag.bytes().all(legal);
    if whole && !tag.starts_with(['.', '-']) { Ok(()) } else { Err(Error::BadTag(tag.to_owned())) }
}

impl Reference {
    /// Reads a tag or, where there is a colon, a digest.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.contains(':') {
            return Ok(Self::Digest(text.parse()?));
        }
        check_tag(text)?;
        Ok(Self::Tag(text.to_owned()))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => f.write_str(digest.as_str()),
        }
    }
}

/// `<account>.dkr.ecr.<region>.amazonaws.com`.
pub fn registry_host(scope: &Scope) -> String {
    format!("{}.dkr.ecr.{}.amazonaws.com", scope.account, scope.region)
}

/// The scope whose registry a host of AWS's form means; `None` for any other host.
pub fn host_scope(host: &str) -> Option<Scope> {
    let name = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    let (account, region) = name.split_once(".dkr.ecr.")?;
    Some(Scope { account: account.parse().ok()?, region: region.parse().ok()? })
}

impl Uri {
    /// Reads `HOST/REPOSITORY[:TAG][@DIGEST]`. The host is of AWS's form, or this machine (`localhost:4566`), which
    /// means the registry of `here`. A digest counts for more than a tag beside it; without either it is `latest`.
    pub fn parse(text: &str, here: &Scope) -> Result<Self, Error> {
        let foreign = || Error::Foreign(text.to_owned());
        let (host, rest) = text.split_once('/').ok_or_else(foreign)?;
        let scope = match host_scope(host) {
            Some(scope) => scope,
            None if is_this_machine(host) => here.clone(),
            None => return Err(foreign()),
        };
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse::<Digest>()?)),
            None => (rest, None),
        };
        let (repository, tag) = rest.split_once(':').unwrap_or((rest, "latest"));
        check_name(repository)?;
        check_tag(tag)?;
        let reference = digest.map_or_else(|| Reference::Tag(tag.to_owned()), Reference::Digest);
        Ok(Self { scope, repository: repository.to_owned(), reference })
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_paths() {
        for good in ["ab", "train", "team/train_er-2.x", "a/b"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in
            ["", "a", "../b", "a/../b", "/ab", "ab/", "a//b", "Ab", "a..b", "a%2fb", "a\\b", "-a", "ab\0"]
        {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn references_are_tags_or_digests() {
        let digest = Digest::of(b"");
        assert_eq!(Reference::parse(digest.as_str()).unwrap(), Reference::Digest(digest));
        assert_eq!(Reference::parse("v1.2_3-x").unwrap(), Reference::Tag("v1.2_3-x".to_owned()));
        for bad in ["", ".", "-x", "a/b", "sha256:12", "sha512:00", &"x".repeat(129)] {
            assert!(Reference::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn uris_of_every_form() {
        let here = Scope::default_scope();
        let check = |text: &str, account: &str, region: &str, repository: &str, reference: &str| {
            let uri = Uri::parse(text, &here).unwrap();
            let scope = Scope { account: account.parse().unwrap(), region: region.parse().unwrap() };
            assert_eq!((uri.scope, uri.repository.as_str()), (scope, repository), "{text}");
            assert_eq!(uri.reference.to_string(), reference, "{text}");
        };
        let aws = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/a/b";
        let digest = Digest::of(b"").to_string();
        check(aws, "111122223333", "eu-west-1", "a/b", "latest");
        check(&format!("{aws}:v1"), "111122223333", "eu-west-1", "a/b", "v1");
        check(&format!("{aws}:v1@{digest}"), "111122223333", "eu-west-1", "a/b", &digest);
        check("127.0.0.1:4566/train:x", "000000000000", "us-east-1", "train", "x");
        check("localhost/train", "000000000000", "us-east-1", "train", "latest");
        for foreign in ["train:1", "docker.io/library/python:3", "python", "1.dkr.ecr.x.amazonaws.com/ab"] {
            assert!(matches!(Uri::parse(foreign, &here), Err(Error::Foreign(_))), "{foreign}");
        }
    }
}
