//! Hashing bytes while they stream, and keeping the hash's state over restarts.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures::StreamExt;
use sha2::{
    Digest as _, Sha256,
    digest::common::hazmat::{SerializableState, SerializedState},
};
use trainyard_domain::{content::Digest, ports::ByteStream};

/// The hash of the bytes so far, and how many there were.
#[derive(Clone, Default)]
pub(super) struct Tally {
    hash: Sha256,
    pub(super) size: u64,
}

impl Tally {
    /// Goes on from what [`Tally::state`] said after `size` bytes; `None` if that is no state.
    pub(super) fn resume(state: &str, size: u64) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(state).ok()?;
        let state = SerializedState::<Sha256>::try_from(bytes.as_slice()).ok()?;
        Some(Self { hash: Sha256::deserialize(&state).ok()?, size })
    }

    /// The state, as text.
    pub(super) fn state(&self) -> String {
        BASE64_STANDARD.encode(self.hash.serialize())
    }

    /// The digest of all bytes so far.
    pub(super) fn digest(&self) -> Digest {
        Digest::from_sha256(&self.hash.clone().finalize())
    }
}

/// A tally that a stream adds to while somebody else consumes it.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Tally>>);

impl Shared {
    pub(super) fn new(tally: Tally) -> Self {
        Self(Arc::new(Mutex::new(tally)))
    }

    /// The stream, with each piece counted as it passes. It breaks off when there would be more than `limit`
    /// bytes in all.
    pub(super) fn count(&self, body: ByteStream, limit: u64) -> ByteStream {
        let tally = self.0.clone();
        Box::pin(body.map(move |piece| {
            let piece = piece?;
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.size += piece.len() as u64;
            if tally.size > limit {
                return Err(io::Error::from(io::ErrorKind::FileTooLarge));
            }
            tally.hash.update(&piece);
            Ok(piece)
        }))
    }

    pub(super) fn now(&self) -> Tally {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_after_a_restart() {
        let mut tally = Tally::default();
        tally.hash.update(vec![7; 1000]);
        let mut again = Tally::resume(&tally.state(), 1000).unwrap();
        again.hash.update(b"end");
        tally.hash.update(b"end");
        assert_eq!(again.digest(), tally.digest());
        assert!(Tally::resume("AAAA", 0).is_none());
    }
}
