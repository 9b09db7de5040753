//! Which pushes and pull requests start a build. Pure.
//! <https://docs.aws.amazon.com/codebuild/latest/userguide/github-webhook.html>

use std::cell::LazyCell;

use regex_lite::Regex;
use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;

use super::{Error, happening::Happening};

/// A project's webhook: what passes all filters of one group starts a build; without groups, every push does.
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
    /// `EVENT`, `HEAD_REF`, `BASE_REF`, `ACTOR_ACCOUNT_ID`, `FILE_PATH` or `COMMIT_MESSAGE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `EVENT` a list of names, else a regular expression.
    pub pattern: String,
    /// Whether it is passed by what does not match.
    #[serde(default)]
    pub exclude_matched_pattern: bool,
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

    /// Whether it starts a build.
    pub(super) fn takes(&self, happening: &Happening) -> bool {
        let passes = |group: &Vec<Filter>| group.iter().all(|filter| filter.passes(happening));
        match self.filter_groups.is_empty() {
            true => happening.event == "PUSH",
            false => self.filter_groups.iter().any(passes),
        }
    }

    /// Whether a filter looks at what was committed.
    pub(super) fn looks_inside(&self) -> bool {
        let inside = |filter: &Filter| matches!(filter.kind.as_str(), "FILE_PATH" | "COMMIT_MESSAGE");
        self.filter_groups.iter().flatten().any(inside)
    }
}

impl Filter {
    fn check(&self) -> Result<(), Error> {
        match self.kind.as_str() {
            "EVENT" => match self.events().find(|event| !EVENTS.contains(event)) {
                Some(event) => Err(Error::Invalid(format!("`{event}` is no event of a webhook"))),
                None => Ok(()),
            },
            "HEAD_REF" | "BASE_REF" | "ACTOR_ACCOUNT_ID" | "FILE_PATH" | "COMMIT_MESSAGE" => {
                let read = Regex::new(&self.pattern);
                let unread = |error| format!("the pattern `{}` cannot be read: {error}", self.pattern);
                read.map(drop).map_err(|error| Error::Invalid(unread(error)))
            }
            other => Err(Error::Invalid(format!(
                "a webhook filter of type {other} is not supported here: use EVENT, HEAD_REF, BASE_REF, ACTOR_ACCOUNT_ID, FILE_PATH or COMMIT_MESSAGE"
            ))),
        }
    }

    fn events(&self) -> impl Iterator<Item = &str> {
        self.pattern.split(',').map(str::trim)
    }

    /// What is not known of it (the files of a pull request) holds up no build.
    fn passes(&self, happening: &Happening) -> bool {
        // Made when something is looked for with it, and once for all names of files.
        let pattern = LazyCell::new(|| Regex::new(&self.pattern));
        let found = |text: &String| pattern.as_ref().is_ok_and(|pattern| pattern.is_match(text));
        let matches = match self.kind.as_str() {
            "EVENT" => self.events().any(|event| event == happening.event),
            "HEAD_REF" => found(&happening.head_ref),
            "BASE_REF" => happening.base_ref.as_ref().is_some_and(found),
            "ACTOR_ACCOUNT_ID" => happening.actor.as_ref().is_some_and(found),
            "COMMIT_MESSAGE" => match &happening.message {
                Some(message) => found(message),
                None => return true,
            },
            "FILE_PATH" => match &happening.files {
                Some(files) => files.iter().any(found),
                None => return true,
            },
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
        let push = Happening { event: "PUSH", head_ref: head_ref.to_owned(), ..Happening::default() };
        assert_eq!(webhook.takes(&push), expect, "{groups:?} {head_ref}");
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
            (webhook(&[&[("EVENT", "PUSH", false), ("TAG_NAME", "x", false)]]), "TAG_NAME"),
            (webhook(&[&[("EVENT", "PUSH", false), ("FILE_PATH", "[", false)]]), "cannot be read"),
        ] {
            let error = groups.check().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn what_was_committed_counts() {
        let push = |message: Option<&str>, files: Option<&[&str]>| Happening {
            event: "PUSH",
            message: message.map(str::to_owned),
            files: files.map(|files| files.iter().map(|file| (*file).to_owned()).collect()),
            ..Happening::default()
        };
        let check = |kind, pattern, exclude, push: &Happening, expect: bool| {
            let webhook = webhook(&[&[("EVENT", "PUSH", false), (kind, pattern, exclude)]]);
            webhook.check().unwrap();
            assert!(webhook.looks_inside());
            assert_eq!(webhook.takes(push), expect, "{kind} {pattern} {exclude} {push:?}");
        };
        let files = push(None, Some(&["src/a.py", "README.md"]));
        check("FILE_PATH", "^src/", false, &files, true);
        check("FILE_PATH", "^docs/", false, &files, false);
        check("FILE_PATH", "^src/", true, &files, false);
        check("FILE_PATH", "^docs/", true, &files, true);
        let message = push(Some("tune\n\n[skip ci]"), None);
        check("COMMIT_MESSAGE", r"\[skip ci\]", true, &message, false);
        check("COMMIT_MESSAGE", "tune", false, &message, true);
        // What is not known holds up nothing.
        check("FILE_PATH", "^docs/", false, &message, true);
        check("COMMIT_MESSAGE", "x", true, &files, true);
    }

    #[test]
    fn a_pull_request_starts_what_asks_for_it() {
        let request = Happening {
            event: "PULL_REQUEST_UPDATED",
            head_ref: "refs/heads/tune".to_owned(),
            base_ref: Some("refs/heads/main".to_owned()),
            actor: Some("583231".to_owned()),
            ..Happening::default()
        };
        let takes = |groups: &[&[(&str, &str, bool)]]| webhook(groups).takes(&request);
        assert!(!takes(&[]), "without groups only pushes do");
        assert!(!takes(&[&[("EVENT", "PUSH", false)]]));
        assert!(takes(&[&[("EVENT", "PULL_REQUEST_CREATED,PULL_REQUEST_UPDATED", false)]]));
        assert!(takes(&[&[
            ("EVENT", "PULL_REQUEST_UPDATED", false),
            ("BASE_REF", "^refs/heads/main$", false)
        ]]));
        assert!(!takes(&[&[("EVENT", "PULL_REQUEST_UPDATED", false), ("BASE_REF", "release", false)]]));
        assert!(takes(&[&[
            ("EVENT", "PULL_REQUEST_UPDATED", false),
            ("ACTOR_ACCOUNT_ID", "^583231$", false)
        ]]));
        assert!(!takes(&[&[("EVENT", "PULL_REQUEST_UPDATED", false), ("ACTOR_ACCOUNT_ID", "583231", true)]]));
    }
}
