//! Which pushes start a build. Pure.
//! <https://docs.aws.amazon.com/codebuild/latest/userguide/github-webhook.html>

use regex_lite::Regex;
use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Timestamp};

use super::Error;

/// A project's webhook: a push that passes all filters of one group starts a build; without groups, every push does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    /// The groups.
    pub filter_groups: Vec<Vec<Filter>>,
    /// When it was changed last.
    pub modified: Timestamp,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Filter {
    /// `EVENT`, `HEAD_REF`, `BASE_REF` or `ACTOR_ACCOUNT_ID`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `EVENT` a list of names, else a regular expression.
    pub pattern: String,
    /// Whether it is passed by what does not match.
    #[serde(default)]
    pub exclude_matched_pattern: bool,
}

/// A push of one branch or tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Push<'a> {
    /// The ref's full name.
    pub head_ref: &'a str,
    /// Who pushed.
    pub pusher: Option<&'a Arn>,
}

const EVENTS: &[&str] = &[
    "PUSH",
    "PULL_REQUEST_CREATED",
    "PULL_REQUEST_UPDATED",
    "PULL_REQUEST_CLOSED",
    "PULL_REQUEST_REOPENED",
    "PULL_REQUEST_MERGED",
    "RELEASED",
    "PRERELEASED",
];

impl Webhook {
    /// Refuses filters that cannot be applied here.
    pub fn check(&self) -> Result<(), Error> {
        for group in &self.filter_groups {
            if group.iter().filter(|filter| filter.kind == "EVENT").count() != 1 {
                let words = "each group of a webhook's filters must have exactly one filter of type EVENT";
                return Err(Error::Invalid(words.to_owned()));
            }
            group.iter().try_for_each(Filter::check)?;
        }
        Ok(())
    }

    /// Whether the push starts a build.
    pub(super) fn takes(&self, push: &Push<'_>) -> bool {
        let passes = |group: &Vec<Filter>| group.iter().all(|filter| filter.passes(push));
        self.filter_groups.is_empty() || self.filter_groups.iter().any(passes)
    }
}

impl Filter {
    fn check(&self) -> Result<(), Error> {
        match self.kind.as_str() {
            "EVENT" => match self.events().find(|event| !EVENTS.contains(event)) {
                Some(event) => Err(Error::Invalid(format!("`{event}` is no event of a webhook"))),
                None => Ok(()),
            },
            "HEAD_REF" | "BASE_REF" | "ACTOR_ACCOUNT_ID" => match Regex::new(&self.pattern) {
                Err(error) => {
                    Err(Error::Invalid(format!("the pattern `{}` cannot be read: {error}", self.pattern)))
                }
                Ok(_) => Ok(()),
            },
            other => Err(Error::Invalid(format!(
                "a webhook filter of type {other} is not supported here: use EVENT, HEAD_REF or ACTOR_ACCOUNT_ID"
            ))),
        }
    }

    fn events(&self) -> impl Iterator<Item = &str> {
        self.pattern.split(',').map(str::trim)
    }

    fn passes(&self, push: &Push<'_>) -> bool {
        let found = |text: &str| Regex::new(&self.pattern).is_ok_and(|pattern| pattern.is_match(text));
        let matches = match self.kind.as_str() {
            "EVENT" => self.events().any(|event| event == "PUSH"),
            "HEAD_REF" => found(push.head_ref),
            "ACTOR_ACCOUNT_ID" => push.pusher.is_some_and(|pusher| found(&pusher.account)),
            // A push has no base.
            _ => false,
        };
        matches != self.exclude_matched_pattern
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(groups: &[&[(&str, &str, bool)]]) -> Webhook {
        let filter = |(kind, pattern, exclude): &(&str, &str, bool)| Filter {
            kind: (*kind).to_owned(),
            pattern: (*pattern).to_owned(),
            exclude_matched_pattern: *exclude,
        };
        let groups = groups.iter().map(|group| group.iter().map(filter).collect()).collect();
        Webhook { filter_groups: groups, modified: Timestamp(0) }
    }

    #[track_caller]
    fn check(groups: &[&[(&str, &str, bool)]], head_ref: &str, expect: bool) {
        let webhook = webhook(groups);
        webhook.check().unwrap();
        assert_eq!(webhook.takes(&Push { head_ref, pusher: None }), expect, "{groups:?} {head_ref}");
    }

    #[test]
    fn groups_are_alternatives_and_filters_conditions() {
        let main: &[(&str, &str, bool)] =
            &[("EVENT", "PUSH", false), ("HEAD_REF", "^refs/heads/main$", false)];
        let tags: &[(&str, &str, bool)] =
            &[("EVENT", "PULL_REQUEST_CREATED, PUSH", false), ("HEAD_REF", "tags/v", false)];
        check(&[], "refs/heads/any", true);
        check(&[main], "refs/heads/main", true);
        check(&[main], "refs/heads/main2", false);
        check(&[main], "refs/heads/x/refs/heads/main", false);
        check(&[main, tags], "refs/tags/v1", true);
        check(&[&[("EVENT", "PULL_REQUEST_CREATED", false)]], "refs/heads/main", false);
        check(&[&[("EVENT", "PUSH", false), ("HEAD_REF", "main", true)]], "refs/heads/main", false);
        check(&[&[("EVENT", "PUSH", false), ("HEAD_REF", "main", true)]], "refs/heads/dev", true);
        check(&[&[("EVENT", "PUSH", false), ("BASE_REF", ".*", false)]], "refs/heads/dev", false);
    }

    #[test]
    fn what_cannot_be_applied_is_refused() {
        for (groups, part) in [
            (webhook(&[&[("HEAD_REF", "x", false)]]), "exactly one"),
            (webhook(&[&[("EVENT", "PUSH", false), ("HEAD_REF", "(", false)]]), "cannot be read"),
            (webhook(&[&[("EVENT", "PUHS", false)]]), "PUHS"),
            (webhook(&[&[("EVENT", "PUSH", false), ("FILE_PATH", "x", false)]]), "FILE_PATH"),
        ] {
            let error = groups.check().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
