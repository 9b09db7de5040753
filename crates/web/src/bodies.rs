//! Bodies that are read before anybody knows who sends them: each has so much time and so much room.
//!
//! Most bodies are short, and those need no room: there are no more of them at a time than connections. What a body has
//! beyond that it takes, as it comes, of its hook's share and of the room that all have. So whoever sends much and never
//! comes to an end keeps out, for as long as one body may take, long bodies for the same hook, and nothing else.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::StatusCode,
};
use futures::StreamExt;
use tokio::sync::Semaphore;

/// How it is answered, and why.
pub(crate) type Refused = (StatusCode, String);

/// Room for bodies. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Bodies(Arc<Shared>);

struct Shared {
    bounds: Bounds,
    all: Arc<Semaphore>,
    /// Of each hook that is called at the moment.
    shares: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// In bytes.
#[derive(Clone, Copy)]
struct Bounds {
    /// Of one body.
    largest: usize,
    /// Of one body without taking room.
    free: usize,
    /// Of all bodies beyond that.
    all: usize,
    /// Of all bodies for one hook beyond that.
    share: usize,
    /// A body has come after so long.
    patience: Duration,
}

const BOUNDS: Bounds = Bounds {
    // GitHub sends no larger body.
    // https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
    largest: 25 << 20,
    free: 64 << 10,
    all: 64 << 20,
    // The largest body and some shorter ones; two hooks together leave some of the room to others.
    share: 26 << 20,
    // GitHub itself gives up after ten seconds.
    patience: Duration::from_secs(30),
};

impl Bodies {
    pub(crate) fn new() -> Self {
        Self::within(BOUNDS)
    }

    fn within(bounds: Bounds) -> Self {
        let all = Arc::new(Semaphore::new(bounds.all));
        Self(Arc::new(Shared { bounds, all, shares: Mutex::default() }))
    }

    /// The whole body of a call of that hook. Its room is free again when the last of the bytes is let go of, or when
    /// whoever sends it has gone away.
    pub(crate) async fn read(&self, hook: &str, body: Body) -> Result<Bytes, Refused> {
        let bounds = self.0.bounds;
        // What the sender says of its length.
        if body.size_hint().lower() > bounds.largest as u64 {
            return Err(too_large(bounds.largest));
        }
        let mut coming = Coming {
            bounds,
            bytes: Vec::new(),
            rooms: [self.share(hook), Arc::clone(&self.0.all)],
            taken: 0,
        };
        let seconds = bounds.patience.as_secs();
        tokio::time::timeout(bounds.patience, coming.fill(body)).await.unwrap_or_else(|_| {
            Err((StatusCode::REQUEST_TIMEOUT, format!("the body has not come within {seconds} s")))
        })?;
        Ok(Bytes::from_owner(coming))
    }

    fn share(&self, hook: &str) -> Arc<Semaphore> {
        let mut shares = self.0.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(hook).and_then(Weak::upgrade) {
            return share;
        }
        shares.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new(self.0.bounds.share));
        shares.insert(hook.to_owned(), Arc::downgrade(&share));
        share
    }
}

/// A body, and what it has taken of the rooms.
struct Coming {
    bounds: Bounds,
    bytes: Vec<u8>,
    /// The hook's share, and that of all.
    rooms: [Arc<Semaphore>; 2],
    taken: usize,
}

impl Coming {
    async fn fill(&mut self, body: Body) -> Result<(), Refused> {
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let unread = |error| (StatusCode::BAD_REQUEST, format!("the body cannot be read: {error}"));
            let piece = piece.map_err(unread)?;
            if self.bytes.len() + piece.len() > self.bounds.largest {
                return Err(too_large(self.bounds.largest));
            }
            if !self.take(self.bytes.len() + piece.len()) {
                let why = "too many long calls come in at this moment: send it again later";
                return Err((StatusCode::SERVICE_UNAVAILABLE, why.to_owned()));
            }
            self.bytes.extend_from_slice(&piece);
        }
        Ok(())
    }

    /// Takes room for so many bytes altogether, if there is any.
    fn take(&mut self, length: usize) -> bool {
        let room = length.saturating_sub(self.bounds.free);
        let Ok(more) = u32::try_from(room - self.taken) else { return false };
        let [share, all] = &self.rooms;
        let (Ok(share), Ok(all)) = (share.try_acquire_many(more), all.try_acquire_many(more)) else {
            return false;
        };
        // They are given back when this is dropped.
        share.forget();
        all.forget();
        self.taken = room;
        true
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.rooms.iter().for_each(|room| room.add_permits(self.taken));
    }
}

impl AsRef<[u8]> for Coming {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn too_large(largest: usize) -> Refused {
    (StatusCode::PAYLOAD_TOO_LARGE, format!("the body has more than {largest} bytes"))
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures::{Stream, stream};

    use super::*;

    const SMALL: Bounds =
        Bounds { largest: 20, free: 4, all: 24, share: 16, patience: Duration::from_millis(20) };

    fn free(bodies: &Bodies) -> usize {
        bodies.0.all.available_permits()
    }

    fn then(first: &'static str, last: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
        Body::from_stream(stream::iter([Ok(Bytes::from(first))]).chain(last))
    }

    #[tokio::test]
    async fn bodies_share_their_room() {
        let bodies = Bodies::within(SMALL);
        let first = bodies.read("a", Body::from("1234567890123456")).await.unwrap();
        assert_eq!((&first[..], free(&bodies)), (&b"1234567890123456"[..], 12));
        let refused = async |hook: &str, body: &'static str| bodies.read(hook, Body::from(body)).await;
        // One hook's share is not the others'.
        let busy = StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(refused("a", "123456789").await.unwrap_err().0, busy);
        let second = refused("b", "1234567890123456").await.unwrap();
        assert_eq!(free(&bodies), 0);
        assert_eq!(refused("c", "12345").await.unwrap_err().0, busy);
        // What is short is let in all the same.
        assert_eq!(refused("a", "1234").await.unwrap(), "1234");
        assert_eq!(refused("c", "").await.unwrap(), "");
        // The room is free when the last who looks at the body has let go of it.
        let part = first.slice(..1);
        drop((first, second));
        assert_eq!(free(&bodies), 12);
        drop(part);
        assert_eq!(free(&bodies), SMALL.all);
        assert!(refused("c", "12345678901234567890").await.is_ok());
        assert_eq!(bodies.0.shares.lock().unwrap().len(), 1, "who is not called has no share");
    }

    #[tokio::test]
    async fn a_body_has_its_bound() {
        let bodies = Bodies::new();
        for body in [
            Body::from(vec![0; BOUNDS.largest + 1]),
            Body::from_stream(stream::iter([Ok::<_, io::Error>(vec![0_u8; BOUNDS.largest]), Ok(vec![0])])),
        ] {
            assert_eq!(bodies.read("a", body).await.unwrap_err().0, StatusCode::PAYLOAD_TOO_LARGE);
        }
        assert!(bodies.read("a", Body::from(vec![0; BOUNDS.largest])).await.is_ok());
        assert_eq!(free(&bodies), BOUNDS.all);
    }

    #[tokio::test]
    async fn a_body_has_its_time() {
        let bodies = Bodies::within(Bounds { largest: usize::MAX, all: 1 << 20, share: 1 << 20, ..SMALL });
        let late = StatusCode::REQUEST_TIMEOUT;
        assert_eq!(bodies.read("a", then("123456", stream::pending())).await.unwrap_err().0, late);
        // Also one of which something comes again and again.
        let drops = stream::repeat_with(|| Bytes::from_static(b"x")).then(|drop| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(drop)
        });
        assert_eq!(bodies.read("a", then("123456", drops)).await.unwrap_err().0, late);
        let broken = then("123456", stream::iter([Err(io::Error::other("cut"))]));
        assert_eq!(bodies.read("a", broken).await.unwrap_err().0, StatusCode::BAD_REQUEST);
        assert_eq!(free(&bodies), 1 << 20);
    }
}
