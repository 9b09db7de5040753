//! What a push changed, and what is told of it. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use trainyard_domain::{
    Arn, Event, Timestamp,
    event::{DEFAULT_BUS, Way},
};

use super::Repository;
use crate::ground::uuid_from;

/// The source of the news.
pub const SOURCE: &str = "trainyard";
/// The detail-type of a push, here or elsewhere.
pub const GIT_PUSH: &str = "Git Push";
/// The detail-type of what happens to a pull request; there are some elsewhere only.
pub const GIT_PULL_REQUEST: &str = "Git Pull Request";

/// One ref that was made, moved or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its full name, such as `refs/heads/main`.
    pub name: String,
    /// The commit before.
    pub before: Option<String>,
    /// The commit after.
    pub after: Option<String>,
}

/// What is different in `now`, by name. Only branches and tags count.
pub(super) fn changes(told: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<Change> {
    let names: std::collections::BTreeSet<_> = told.keys().chain(now.keys()).collect();
    let change = |name: &String| Change {
        name: name.clone(),
        before: told.get(name).cloned(),
        after: now.get(name).cloned(),
    };
    names.into_iter().map(change).filter(|change| change.before != change.after).collect()
}

/// The event of a change. `version` is that of the repository's document before: the same change told again is the
/// same event, and a branch that moves back and forth tells every time.
pub(super) fn event(
    repository: &Repository,
    version: u64,
    change: &Change,
    (pusher, at): (Option<&Arn>, Timestamp),
) -> Event {
    let Change { name, before, after } = change;
    let arn = repository.arn().to_string();
    let mut detail = Map::new();
    let mut say = |member: &str, value: &str| drop(detail.insert(member.to_owned(), Value::from(value)));
    say("repository", &repository.name);
    say("ref", name);
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        say("branch", branch);
    } else if let Some(tag) = name.strip_prefix("refs/tags/") {
        say("tag", tag);
    }
    say("event", kind(change));
    for (member, value) in [("before", before), ("after", after)] {
        value.iter().for_each(|value| say(member, value));
    }
    pusher.iter().for_each(|pusher| say("pusher", &pusher.to_string()));
    let none = String::new();
    let ends = [before, after].map(|end| end.as_ref().unwrap_or(&none).as_str());
    Event {
        id: uuid_from(&["git push", &arn, &version.to_string(), name, ends[0], ends[1]]),
        scope: repository.scope(),
        bus: DEFAULT_BUS.to_owned(),
        time: at,
        source: SOURCE.to_owned(),
        detail_type: GIT_PUSH.to_owned(),
        way: Way::default(),
        resources: vec![arn],
        detail: Value::Object(detail),
    }
}

fn kind(change: &Change) -> &'static str {
    match (&change.before, &change.after) {
        (None, _) => "created",
        (_, None) => "deleted",
        _ => "updated",
    }
}

#[cfg(test)]
mod tests {
    use trainyard_domain::AccountId;

    use super::*;

    fn refs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, commit)| ((*name).to_owned(), (*commit).to_owned())).collect()
    }

    #[test]
    fn made_moved_and_removed_refs_are_changes() {
        let told = refs(&[("refs/heads/a", "1"), ("refs/heads/b", "1"), ("refs/heads/c", "1")]);
        let now = refs(&[("refs/heads/b", "1"), ("refs/heads/c", "2"), ("refs/tags/t", "1")]);
        let found = changes(&told, &now);
        let kinds: Vec<_> = found.iter().map(|c| (c.name.as_str(), kind(c))).collect();
        let expect = [("refs/heads/a", "deleted"), ("refs/heads/c", "updated"), ("refs/tags/t", "created")];
        assert_eq!(kinds, expect);
        assert!(changes(&now, &now).is_empty());
    }

    #[test]
    fn a_branch_that_goes_back_and_forth_tells_each_time() {
        let repository = Repository {
            account: AccountId::default_account(),
            name: "train".to_owned(),
            created: Timestamp(0),
            refs: BTreeMap::new(),
        };
        let change = Change { name: "refs/heads/main".to_owned(), before: None, after: Some("1".to_owned()) };
        let told = |version| event(&repository, version, &change, (None, Timestamp(0)));
        assert_eq!(told(1), told(1));
        assert_ne!(told(1).id, told(2).id);
        assert_eq!(told(1).detail["branch"], "main");
        assert!(told(1).detail.get("before").is_none());
    }
}
