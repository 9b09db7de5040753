//! An event as the fields a pattern asks for.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

/// Which members of which lists of the event a value stands in: (list, index), by list.
pub(super) type Membership = Vec<(u32, u32)>;

/// A scalar of the event.
pub(super) struct Leaf<'a> {
    pub(super) value: &'a Value,
    pub(super) membership: Membership,
}

/// The scalars of an event by their dotted names. A dot in a key and a step down are the same, as in AWS.
/// A list has the name of its members; an empty list or object has none.
pub(super) struct Leaves<'a> {
    by_path: HashMap<String, Vec<Leaf<'a>>>,
}

impl<'a> Leaves<'a> {
    /// Those of `event` whose names are `wanted`.
    pub(super) fn of(event: &'a Value, wanted: &BTreeSet<&str>) -> Self {
        let mut walk = Walk { wanted, lists: 0, membership: Vec::new(), by_path: HashMap::new() };
        if let Value::Object(_) = event {
            walk.value(event, "");
        }
        Self { by_path: walk.by_path }
    }

    pub(super) fn at(&self, path: &str) -> &[Leaf<'a>] {
        self.by_path.get(path).map_or(&[], Vec::as_slice)
    }
}

struct Walk<'a, 'w> {
    wanted: &'w BTreeSet<&'w str>,
    lists: u32,
    membership: Membership,
    by_path: HashMap<String, Vec<Leaf<'a>>>,
}

impl<'a> Walk<'a, '_> {
    fn value(&mut self, value: &'a Value, path: &str) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    if self.leads_somewhere(&path) {
                        self.value(member, &path);
                    }
                }
            }
            Value::Array(items) => {
                let list = self.lists;
                self.lists += 1;
                for (index, item) in (0..).zip(items) {
                    self.item(item, path, (list, index));
                }
            }
            _ => {
                let leaf = Leaf { value, membership: self.membership.clone() };
                self.by_path.entry(path.to_owned()).or_default().push(leaf);
            }
        }
    }

    /// A scalar is not bound to its place in the list, an object or list is.
    fn item(&mut self, item: &'a Value, path: &str, place: (u32, u32)) {
        let binds = item.is_object() || item.is_array();
        if binds {
            self.membership.push(place);
        }
        self.value(item, path);
        if binds {
            self.membership.pop();
        }
    }

    /// Whether `path` is a wanted name or begins one.
    fn leads_somewhere(&self, path: &str) -> bool {
        let from_here = self.wanted.range(path..).take_while(|name| name.starts_with(path));
        from_here.into_iter().any(|name| matches!(name.as_bytes().get(path.len()), None | Some(b'.')))
    }
}
