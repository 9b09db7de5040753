//! What every room stands on: the store, the clock, and ids.

use std::{future::Future, sync::Arc};

use sha2::{Digest, Sha256};
use trainyard_domain::{Scope, Timestamp};
use trainyard_store::{Error as StoreError, Store};

use crate::clock::{self, Steady};

/// Reads the time. Tests give one that stands still until it is moved.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What every room stands on. Cheap to clone.
#[derive(Clone)]
pub struct Ground {
    /// The one memory.
    pub store: Store,
    clock: Clock,
    wall: Clock,
}

impl Ground {
    /// On this store, with a clock that is set by the machine's now and does not jump later.
    pub fn new(store: Store) -> Self {
        let steady = Steady::new();
        Self { store, clock: Arc::new(move || steady.now()), wall: Arc::new(clock::wall) }
    }

    /// On this store, with another clock.
    pub fn with_clock(store: Store, clock: Clock) -> Self {
        Self { store, wall: Arc::clone(&clock), clock }
    }

    /// What time it is, for everything that is done: it never jumps.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// What time the machine says it is: to be compared with what other machines say.
    pub fn wall(&self) -> Timestamp {
        (self.wall)()
    }

    /// A fresh UUID, in lowercase with dashes.
    pub fn uuid(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }
}

/// Does it to its end, also when who asked goes away meanwhile: what is committed must be known in memory too.
pub(crate) async fn to_the_end<T, E>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    // On the heap: the future of a whole verb is large.
    let working = tokio::spawn(Box::pin(work));
    working.await.map_err(|e| StoreError::Internal(format!("work broke off: {e}")))?
}

/// The UUID that follows from these parts: the same for the same parts, and for no others.
pub fn uuid_from(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// The scope as the store's documents have it.
pub fn scope_key(scope: &Scope) -> String {
    scope.to_string()
}

/// A short id that follows from the parts: 20 lowercase hex digits, safe as a file name or a process label.
pub fn label_from(parts: &[&str]) -> String {
    uuid_from(parts).replace('-', "")[..20].to_owned()
}

#[cfg(test)]
mod tests {
    use super::uuid_from;

    #[test]
    fn ids_follow_from_their_parts() {
        let id = uuid_from(&["event", "rule", "target"]);
        assert_eq!(id, uuid_from(&["event", "rule", "target"]));
        assert_ne!(id, uuid_from(&["eventrule", "", "target"]));
        assert_eq!((id.len(), &id[14..15]), (36, "4"));
    }
}
