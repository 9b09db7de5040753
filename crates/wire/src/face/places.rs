//! Room for connections. When there is none, the one that has waited longest for its client to say something makes
//! room: whoever opens many and says nothing keeps nobody out.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Frame, SizeHint};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// So many at once. Cheap to clone.
#[derive(Clone)]
pub(super) struct Places(Arc<Shared>);

struct Shared {
    most: usize,
    taken: Mutex<Taken>,
    changed: Notify,
}

#[derive(Default)]
struct Taken {
    next: u64,
    /// The oldest first.
    places: BTreeMap<u64, (Arc<AtomicUsize>, CancellationToken)>,
}

/// The place of one connection; it is free again when this is dropped.
pub(super) struct Place {
    places: Places,
    number: u64,
    requests: Arc<AtomicUsize>,
    cut: CancellationToken,
}

/// A request in hand, to the end of its answer.
pub(super) struct InHand(Arc<AtomicUsize>, Places);

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Shared { most, taken: Mutex::default(), changed: Notify::new() }))
    }

    /// A place, when there is one.
    pub(super) async fn take(&self) -> Place {
        loop {
            let changed = self.0.changed.notified();
            if let Some(place) = self.try_take() {
                return place;
            }
            changed.await;
        }
    }

    fn try_take(&self) -> Option<Place> {
        let mut taken = self.lock();
        if taken.places.len() >= self.0.most {
            let idle = |(requests, _): &(Arc<AtomicUsize>, _)| requests.load(Ordering::Acquire) == 0;
            let (number, _) = taken.places.iter().find(|(_, place)| idle(place))?;
            let number = *number;
            let (_, cut) = taken.places.remove(&number)?;
            cut.cancel();
        }
        let (number, requests, cut) = (taken.next, Arc::<AtomicUsize>::default(), CancellationToken::new());
        taken.next += 1;
        taken.places.insert(number, (requests.clone(), cut.clone()));
        Some(Place { places: self.clone(), number, requests, cut })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Becomes true when somebody else needs the place more.
    pub(super) fn cut(&self) -> CancellationToken {
        self.cut.clone()
    }

    /// What counts this connection's requests.
    pub(super) fn counter(&self) -> impl Fn() -> InHand + Clone + Send + 'static {
        let (requests, places) = (self.requests.clone(), self.places.clone());
        move || {
            requests.fetch_add(1, Ordering::AcqRel);
            InHand(requests.clone(), places.clone())
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().places.remove(&self.number);
        self.places.0.changed.notify_one();
    }
}

impl InHand {
    /// The answer's body, which ends it.
    pub(super) fn until_read(self, body: Body) -> Body {
        Body::new(UnsyncBoxBody::new(Answer { body, _request: self }))
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
        self.1.0.changed.notify_one();
    }
}

struct Answer {
    body: Body,
    _request: InHand,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_longest_idle_makes_room() {
        let places = Places::new(2);
        let (busy, idle) = (places.take().await, places.take().await);
        let request = busy.counter()();
        let third = places.take().await;
        assert!(idle.cut().is_cancelled() && !busy.cut().is_cancelled() && !third.cut().is_cancelled());
        let another = third.counter()();
        assert!(places.try_take().is_none(), "all are at work");
        drop(request);
        assert!(places.try_take().is_some() && busy.cut().is_cancelled());
        drop((busy, another, idle));
    }

    #[tokio::test]
    async fn a_place_comes_back() {
        let places = Places::new(1);
        let place = places.take().await;
        let request = place.counter()();
        let (taken, ()) = tokio::join!(places.take(), async {
            drop((place, request));
        });
        assert!(!taken.cut().is_cancelled());
    }
}
