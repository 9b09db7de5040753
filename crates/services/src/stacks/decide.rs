//! What must be done so that a stack becomes what is wanted. Pure.

use super::stack::Made;

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// Another one is made in its place.
    Replace,
    /// It is removed.
    Delete,
}

/// One thing that is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What.
    pub action: Action,
    /// To which: as it will be, for a removal as it is.
    pub resource: Made,
}

impl Action {
    /// As people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Replace => "Replace",
            Self::Delete => "Delete",
        }
    }

    /// What CloudFormation's statuses begin with.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Create | Self::Replace => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// Whether both are the same thing in the world.
pub(super) fn is_same(a: &Made, b: &Made) -> bool {
    a.kind == b.kind && a.physical_id == b.physical_id
}

/// What leads from `there` to `wanted`: first what is made or changed, in the order wanted, then what is removed, in the
/// reverse order of its making.
pub(super) fn changes(there: &[Made], wanted: &[Made]) -> Vec<Change> {
    let forward = wanted.iter().filter_map(|resource| {
        let action = match there.iter().find(|old| is_same(old, resource)) {
            Some(old) if old.properties == resource.properties => return None,
            Some(_) => Action::Update,
            None if there.iter().any(|old| old.logical_id == resource.logical_id) => Action::Replace,
            None => Action::Create,
        };
        Some(Change { action, resource: resource.clone() })
    });
    let gone = there.iter().rev().filter(|old| !wanted.iter().any(|new| is_same(old, new)));
    let removals = gone.map(|old| Change { action: Action::Delete, resource: old.clone() });
    forward.chain(removals).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn made(logical_id: &str, physical_id: &str, size: u32) -> Made {
        Made {
            logical_id: logical_id.to_owned(),
            kind: "AWS::S3::Bucket".to_owned(),
            physical_id: physical_id.to_owned(),
            attributes: BTreeMap::new(),
            properties: json!({"Size": size}),
        }
    }

    #[test]
    fn removals_come_last_and_backwards() {
        let there = [made("A", "a", 1), made("B", "b", 1), made("C", "c", 1), made("D", "d", 1)];
        let wanted = [made("N", "n", 1), made("A", "a", 1), made("B", "b", 2), made("C", "c2", 1)];
        let found: Vec<_> =
            changes(&there, &wanted).into_iter().map(|c| (c.action, c.resource.physical_id)).collect();
        let expect = [
            (Action::Create, "n"),
            (Action::Update, "b"),
            (Action::Replace, "c2"),
            (Action::Delete, "d"),
            (Action::Delete, "c"),
        ];
        assert_eq!(found, expect.map(|(action, id)| (action, id.to_owned())));
        assert!(changes(&there, &there).is_empty());
    }

    #[test]
    fn a_renamed_logical_id_is_the_same_thing() {
        assert!(changes(&[made("A", "a", 1)], &[made("B", "a", 1)]).is_empty());
    }
}
