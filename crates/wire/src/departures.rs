//! What happens once an answer has gone: when the system has all of it, and not only the connection's buffer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Then = Box<dyn FnOnce() + Send>;

/// The answers on their way through one connection. What waits for one that does not get through is dropped with the
/// connection.
#[derive(Clone, Default)]
pub(crate) struct Departures(Arc<Mutex<Vec<Then>>>);

impl Departures {
    /// Does this once all that stands in the connection's buffer has gone, together with what comes to stand there before
    /// it is next written.
    pub(crate) fn when_gone(&self, then: impl FnOnce() + Send + 'static) {
        self.waiting().push(Box::new(then));
    }

    /// The connection's buffer is empty.
    pub(crate) fn gone(&self) {
        let waiting = std::mem::take(&mut *self.waiting());
        waiting.into_iter().for_each(|then| then());
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Then>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
