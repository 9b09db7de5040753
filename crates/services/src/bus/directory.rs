//! What must be known of a bus to tell something on it: whether it is there, and its policy. Read once, and again after
//! each change.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use trainyard_domain::{Scope, event::DEFAULT_BUS};
use trainyard_store::Store;

use super::{Error, buses::EventBus};
use crate::policy::Document;

type Place = (Scope, String);

/// So many buses are known at most: everybody may ask for the default bus of an account that there is nothing of.
const MOST: usize = 1000;

/// The buses that were looked at so far.
#[derive(Default)]
pub(super) struct Directory(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// A bus without a policy has none here; one that is not there is not here.
    policies: HashMap<Place, Option<Arc<Document>>>,
    /// Counts the changes of all buses.
    changes: u64,
}

impl Directory {
    /// The bus was changed, and the change is committed.
    pub(super) fn changed(&self, scope: &Scope, bus: &str) {
        let mut known = self.lock();
        known.changes += 1;
        known.policies.remove(&(scope.clone(), bus.to_owned()));
    }

    /// The bus's policy, or that it has none; nothing where there is no such bus.
    pub(super) async fn policy(
        &self,
        store: &Store,
        place: &Place,
    ) -> Result<Option<Option<Arc<Document>>>, Error> {
        let changes = {
            let known = self.lock();
            if let Some(policy) = known.policies.get(place) {
                return Ok(Some(policy.clone()));
            }
            known.changes
        };
        let (scope, bus) = place;
        let held = store.get::<EventBus>(&scope.to_string(), bus).await?;
        let policy = match held {
            Some(held) => held.value.policy.as_deref().map(read),
            None if bus == DEFAULT_BUS => None,
            None => return Ok(None),
        };
        let mut known = self.lock();
        // What was read before a change is not kept after it.
        if known.changes == changes {
            if known.policies.len() >= MOST {
                known.policies.clear();
            }
            known.policies.insert(place.clone(), policy.clone());
        }
        Ok(Some(policy))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It was read when it was set. Should it be readable no more, it lets nobody in.
fn read(text: &str) -> Arc<Document> {
    Arc::new(Document::read(text).unwrap_or_else(|why| {
        tracing::error!(why, "the policy of a bus cannot be read and lets no other account in");
        Document::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everybody may ask for the default bus of an account that there is nothing of.
    #[tokio::test]
    async fn accounts_that_are_made_up_take_no_room() {
        let (store, directory) = (Store::in_memory().await.unwrap(), Directory::default());
        for account in 0..=MOST {
            let place = (format!("{account:012}/us-east-1").parse().unwrap(), DEFAULT_BUS.to_owned());
            assert!(directory.policy(&store, &place).await.unwrap().is_some());
        }
        assert!(directory.lock().policies.len() <= MOST);
    }
}
