//! Which clauses are found by one value: numbers of clauses, in order.

use std::sync::Arc;

/// The numbers. Nothing is kept for none.
#[derive(Clone, Debug, Default)]
pub(super) struct Posting(Option<Arc<Vec<u32>>>);

impl Posting {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn as_slice(&self) -> &[u32] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    pub(super) fn with(mut self, clause: u32) -> Self {
        let clauses = Arc::make_mut(self.0.get_or_insert_default());
        if let Err(at) = clauses.binary_search(&clause) {
            clauses.insert(at, clause);
        }
        self
    }

    pub(super) fn without(mut self, clause: u32) -> Self {
        let Some(clauses) = &mut self.0 else { return self };
        let clauses = Arc::make_mut(clauses);
        if let Ok(at) = clauses.binary_search(&clause) {
            clauses.remove(at);
        }
        if clauses.is_empty() { Self::default() } else { self }
    }
}
