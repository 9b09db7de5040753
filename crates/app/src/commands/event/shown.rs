//! Which events of a tail were shown, as far back as any can come once more.

use std::collections::{HashSet, VecDeque};

use serde_json::Value;
use trainyard_wire::trainyard::tail::OVERLAP;

use crate::remote::events::Id;

/// An event's id, and the replay that tells it, if one does.
type Name = [String; 2];

/// What was shown. It holds no more than the events of some seconds, however long somebody looks on.
#[derive(Default)]
pub(super) struct Shown {
    last: Option<Id>,
    /// Of this connection, as they came.
    order: VecDeque<(i64, Name)>,
    names: HashSet<Name>,
    /// Of the connection before: a server that was killed may tell one again, with another time.
    before: HashSet<Name>,
}

impl Shown {
    /// Whether the event comes for the first time.
    pub(super) fn is_new(&mut self, id: Id, event: &Value) -> bool {
        let name = [event["id"].to_string(), event["replay-name"].to_string()];
        self.last = Some(id);
        let first = self.names.insert(name.clone());
        if first {
            self.order.push_back((id.millis, name.clone()));
        }
        // Away from the last one in either direction: a server's clock may have been set back.
        let far = |told: i64| u128::from(told.abs_diff(id.millis)) > OVERLAP.as_millis();
        while let Some((_, name)) = self.order.pop_front_if(|(told, _)| far(*told)) {
            self.names.remove(&name);
        }
        first && !self.before.contains(&name)
    }

    /// The server has gone away: behind which event it is asked to go on.
    pub(super) fn cut(&mut self) -> Option<Id> {
        self.order.clear();
        self.before = std::mem::take(&mut self.names);
        self.last
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_new(shown: &mut Shown, seconds: i64, name: u32) -> bool {
        shown.is_new(Id::at(seconds * 1000), &json!({"id": name}))
    }

    #[test]
    fn what_comes_once_more_is_known() {
        let mut shown = Shown::default();
        assert!(shown.cut().is_none());
        assert!(is_new(&mut shown, 100, 1) && is_new(&mut shown, 101, 2) && is_new(&mut shown, 99, 3));
        assert_eq!(shown.cut(), Some(Id::at(99_000)));
        // The server was away for long, and what it had not done it does again.
        assert!(!is_new(&mut shown, 101, 1) && is_new(&mut shown, 200, 4));
        assert!(!is_new(&mut shown, 200, 2) && !is_new(&mut shown, 200, 4));
        // A replay tells it again, and is shown.
        assert!(shown.is_new(Id::at(200_000), &json!({"id": 4, "replay-name": "again"})));
        // What came once more is known after the next time too.
        shown.cut();
        assert!(!is_new(&mut shown, 200, 2));
    }

    #[test]
    fn what_cannot_come_again_is_forgotten() {
        let mut shown = Shown::default();
        for n in 0..10_000 {
            assert!(is_new(&mut shown, i64::from(n), n));
        }
        assert_eq!((shown.order.len(), shown.names.len()), (6, 6));
        assert!(is_new(&mut shown, 0, 10_000), "the clock was set back");
        assert_eq!(shown.names.len(), 1);
    }
}
