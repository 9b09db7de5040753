//! What happened in a repository, as webhooks' filters see it. Pure.

use serde_json::Value;
use trainyard_domain::{Arn, Event};

use super::{Trigger, source::elsewhere_name};
use crate::repositories::{self, GIT_PULL_REQUEST, GIT_PUSH};

/// A push of one branch or tag, or a change of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Happening {
    /// The repository: its name on the built-in host, or its URL without scheme, in lower case.
    pub repository: String,
    /// What CodeBuild calls it, such as `PUSH`.
    pub event: &'static str,
    /// The commit that is built.
    pub commit: String,
    /// The commit before.
    pub before: Option<String>,
    /// The full name of the ref that moved, or that is to be merged.
    pub head_ref: String,
    /// The full name of the ref that it is to be merged into.
    pub base_ref: Option<String>,
    /// The pull request's number.
    pub pull_request: Option<u64>,
    /// Whose account did it: the built-in host's twelve digits, or GitHub's number.
    pub actor: Option<String>,
    /// Who did it, as CodeBuild writes it.
    pub initiator: String,
    /// The message of the commit.
    pub message: Option<String>,
    /// The files that were changed, where all are known.
    pub files: Option<Vec<String>>,
}

/// Whether the event may be one.
pub(super) fn is_one(event: &Event) -> bool {
    event.source == repositories::SOURCE && [GIT_PUSH, GIT_PULL_REQUEST].contains(&event.detail_type.as_str())
}

impl Happening {
    /// What the event speaks of; nothing where there is nothing to build: a ref that is gone, a pull request whose code
    /// did not change, or one from a fork, whose code is a stranger's.
    /// <https://docs.aws.amazon.com/codebuild/latest/userguide/pull-request-build-policy.html>
    pub(super) fn of(event: &Event) -> Option<Self> {
        let detail = &event.detail;
        match (event.detail_type.as_str(), text(detail, "host")) {
            (GIT_PULL_REQUEST, Some(_)) => Self::of_pull_request(detail),
            (GIT_PUSH, Some(_)) => Some(Self {
                repository: elsewhere_name(&text(detail, "url")?)?,
                actor: text(detail, "pusher-id"),
                initiator: hookshot(text(detail, "pusher")),
                message: text(detail, "message"),
                files: files(detail),
                ..Self::of_push(detail)?
            }),
            (GIT_PUSH, None) => {
                let pusher = text(detail, "pusher").and_then(|arn| arn.parse::<Arn>().ok());
                let actor = pusher.map(|arn| arn.account);
                Some(Self {
                    repository: text(detail, "repository")?,
                    initiator: format!("trainyard-git/{}", actor.as_deref().unwrap_or("unknown")),
                    actor,
                    ..Self::of_push(detail)?
                })
            }
            _ => None,
        }
    }

    fn of_push(detail: &Value) -> Option<Self> {
        Some(Self {
            event: "PUSH",
            commit: text(detail, "after")?,
            before: text(detail, "before"),
            head_ref: text(detail, "ref")?,
            ..Self::default()
        })
    }

    fn of_pull_request(detail: &Value) -> Option<Self> {
        let event = match text(detail, "event")?.as_str() {
            "created" => "PULL_REQUEST_CREATED",
            "updated" => "PULL_REQUEST_UPDATED",
            "reopened" => "PULL_REQUEST_REOPENED",
            "closed" => "PULL_REQUEST_CLOSED",
            "merged" => "PULL_REQUEST_MERGED",
            _ => return None,
        };
        if text(detail, "head-repository") != text(detail, "repository") {
            return None;
        }
        let branch = |member: &str| text(detail, member).map(|branch| format!("refs/heads/{branch}"));
        Some(Self {
            repository: elsewhere_name(&text(detail, "url")?)?,
            event,
            commit: text(detail, "head-commit")?,
            head_ref: branch("head-branch")?,
            base_ref: branch("base-branch"),
            pull_request: detail["number"].as_u64(),
            actor: text(detail, "actor-id"),
            initiator: hookshot(text(detail, "actor")),
            ..Self::default()
        })
    }

    /// What the build remembers of it.
    pub(super) fn trigger(&self) -> Trigger {
        Trigger {
            event: self.event.to_owned(),
            head_ref: self.head_ref.clone(),
            base_ref: self.base_ref.clone(),
            pull_request: self.pull_request,
            before: self.before.clone(),
            actor: self.actor.clone(),
        }
    }
}

fn text(detail: &Value, member: &str) -> Option<String> {
    detail[member].as_str().map(str::to_owned)
}

/// The changed files, if all of them are told.
fn files(detail: &Value) -> Option<Vec<String>> {
    let files = detail["files"].as_array().filter(|_| detail["files-omitted"].as_u64() == Some(0))?;
    Some(files.iter().filter_map(|file| file.as_str().map(str::to_owned)).collect())
}

fn hookshot(who: Option<String>) -> String {
    format!("GitHub-Hookshot/{}", who.as_deref().unwrap_or("unknown"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trainyard_domain::{Scope, Timestamp, event::Way};

    use super::*;

    fn of(detail_type: &str, detail: Value) -> Option<Happening> {
        let event = Event {
            id: "e".to_owned(),
            scope: Scope::default_scope(),
            bus: "default".to_owned(),
            time: Timestamp(0),
            source: repositories::SOURCE.to_owned(),
            detail_type: detail_type.to_owned(),
            way: Way::default(),
            resources: Vec::new(),
            detail,
        };
        assert!(is_one(&event));
        Happening::of(&event)
    }

    #[test]
    fn a_push_here_and_elsewhere() {
        let here = json!({"repository": "train", "ref": "refs/heads/main", "after": "2",
                          "pusher": "arn:aws:iam::000000000000:user/ann"});
        let found = of(GIT_PUSH, here).unwrap();
        assert_eq!((found.repository.as_str(), found.actor.as_deref()), ("train", Some("000000000000")));
        assert_eq!((found.files, found.message), (None, None), "the repository is asked");
        let mut there = json!({"host": "github.com", "repository": "Team/train", "url": "https://github.com/Team/train.git",
                           "ref": "refs/heads/main", "before": "1", "after": "2", "pusher": "ann", "pusher-id": "7",
                           "message": "m", "files": ["a"], "files-omitted": 0});
        let found = of(GIT_PUSH, there.clone()).unwrap();
        assert_eq!((found.repository.as_str(), found.actor.as_deref()), ("github.com/team/train", Some("7")));
        assert_eq!((found.files, found.message), (Some(vec!["a".to_owned()]), Some("m".to_owned())));
        there["files-omitted"] = json!(1);
        assert_eq!(of(GIT_PUSH, there.clone()).unwrap().files, None, "not all are known");
        there["after"] = Value::Null;
        assert_eq!(of(GIT_PUSH, there), None, "the branch is gone");
    }

    #[test]
    fn a_strangers_code_is_not_built() {
        let mut request = json!({"host": "github.com", "repository": "team/train", "head-repository": "team/train",
            "url": "https://github.com/team/train.git", "event": "created", "number": 12, "head-branch": "tune",
            "head-commit": "2", "base-branch": "main", "actor": "ben", "actor-id": "7"});
        let found = of(GIT_PULL_REQUEST, request.clone()).unwrap();
        assert_eq!((found.event, found.pull_request), ("PULL_REQUEST_CREATED", Some(12)));
        assert_eq!(
            (found.head_ref.as_str(), found.base_ref.as_deref()),
            ("refs/heads/tune", Some("refs/heads/main"))
        );
        request["head-repository"] = json!("ann/train");
        assert_eq!(of(GIT_PULL_REQUEST, request.clone()), None);
        request["head-repository"] = Value::Null;
        assert_eq!(of(GIT_PULL_REQUEST, request.clone()), None, "the fork is gone");
        (request["head-repository"], request["event"]) = (json!("team/train"), Value::Null);
        assert_eq!(of(GIT_PULL_REQUEST, request), None, "it was only labeled");
    }
}
