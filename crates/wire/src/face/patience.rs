//! How long a client may take: with the body it sends, and with the answer it reads. Whoever opens a connection and
//! then does next to nothing is cut off, so that connections are there for others.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, HttpBody};
use bytes::{Buf, Bytes};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use crate::departures::Departures;

/// So long nothing need come of a body.
const STILL: Duration = Duration::from_secs(120);
/// A body that comes slower than this, for as long as [`STILL`], is cut off: bytes a second.
const SLOWEST: u64 = 1024;
/// So long a client need not read any of its answer: somebody may look at it page by page.
pub(super) const UNREAD: Duration = Duration::from_secs(600);

/// What has become of a body. The body writes it, on its way through the face; the face reads it afterwards.
#[derive(Default)]
pub(super) struct Fate {
    asked: AtomicBool,
    come: AtomicBool,
}

impl Fate {
    /// Somebody has asked for its bytes.
    pub(super) fn was_asked_for(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// All of it has come.
    pub(super) fn has_come(&self) -> bool {
        self.come.load(Ordering::Relaxed)
    }
}

/// The body, which must keep coming; and what becomes of it.
pub(super) fn patient(body: Body) -> (Body, Arc<Fate>) {
    patient_for(body, STILL)
}

fn patient_for(body: Body, still: Duration) -> (Body, Arc<Fate>) {
    let fate = Arc::<Fate>::default();
    if body.is_end_stream() {
        fate.come.store(true, Ordering::Relaxed);
        return (body, fate);
    }
    let (now, clock) = (Instant::now(), Box::pin(sleep(still)));
    let coming = Coming { body, fate: fate.clone(), still, until: now + still, rested: Some(now), clock };
    (Body::new(UnsyncBoxBody::new(coming)), fate)
}

struct Coming {
    body: Body,
    fate: Arc<Fate>,
    still: Duration,
    until: Instant,
    /// Since when nobody has asked for more: that time is not the client's.
    rested: Option<Instant>,
    clock: Pin<Box<Sleep>>,
}

impl HttpBody for Coming {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let now = Instant::now();
        self.fate.asked.store(true, Ordering::Relaxed);
        if let Some(since) = self.rested.take() {
            self.until += now - since;
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.rested = Some(now);
            if frame.is_none() || self.body.is_end_stream() {
                self.fate.come.store(true, Ordering::Relaxed);
            }
            if let Some(Ok(frame)) = &frame {
                let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
                // In thousandths, so that small frames count.
                let earned = Duration::from_millis(bytes.saturating_mul(1000) / SLOWEST);
                self.until = (self.until + earned).min(now + self.still);
            }
            return Poll::Ready(frame);
        }
        let until = self.until;
        if self.clock.deadline() != until {
            self.clock.as_mut().reset(until);
        }
        match self.clock.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(axum::Error::new(too_slow())))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the request's body comes too slowly")
}

/// A connection whose other end must read what is written. It tells when all of that has gone.
pub(super) struct Reading<S> {
    stream: S,
    departures: Departures,
    unread: Duration,
    clock: Pin<Box<Sleep>>,
    waits: bool,
}

impl<S> Reading<S> {
    pub(super) fn new(stream: S, unread: Duration, departures: Departures) -> Self {
        Self { stream, departures, unread, clock: Box::pin(sleep(unread)), waits: false }
    }

    /// What came of writing; an error where nothing could be written for too long.
    fn watched<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waits = false;
            return written;
        }
        if !self.waits {
            self.waits = true;
            let until = Instant::now() + self.unread;
            self.clock.as_mut().reset(until);
        }
        match self.clock.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Reading<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Reading<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.watched(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            // hyper asks for this when it has written all that it had.
            self.departures.gone();
        }
        self.watched(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_shutdown(context);
        self.watched(context, done)
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, stream};
    use http_body_util::BodyExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    fn body(last: impl futures::Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
        let first = stream::iter([Ok(Bytes::from_static(b"some"))]);
        Body::from_stream(first.chain(last))
    }

    #[tokio::test]
    async fn bodies_keep_coming_or_are_cut_off() {
        let whole = patient_for(body(stream::empty()), SOON).0.collect().await;
        assert_eq!(whole.unwrap().to_bytes(), "some");
        assert!(patient_for(body(stream::pending()), SOON).0.collect().await.is_err());
        // One byte every other moment is too little, however long it goes on.
        let drops = stream::repeat_with(|| Bytes::from_static(b"x")).then(|drop| async move {
            tokio::time::sleep(SOON / 10).await;
            Ok(drop)
        });
        assert!(patient_for(body(drops), SOON).0.collect().await.is_err());
    }

    #[tokio::test]
    async fn the_fate_of_bodies() {
        let (empty, fate) = patient(Body::empty());
        drop(empty);
        assert!(!fate.was_asked_for() && fate.has_come());
        let (unread, fate) = patient(body(stream::empty()));
        drop(unread);
        assert!(!fate.was_asked_for() && !fate.has_come());
        let (mut begun, fate) = patient(body(stream::pending()));
        assert!(begun.frame().await.is_some());
        assert!(fate.was_asked_for() && !fate.has_come());
        let (whole, fate) = patient(body(stream::empty()));
        assert!(whole.collect().await.is_ok());
        assert!(fate.was_asked_for() && fate.has_come());
    }

    #[tokio::test]
    async fn answers_are_read_or_cut_off() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let mut ours = Reading::new(ours, SOON, Departures::default());
        let mut read = [0; 64];
        let (written, all) = tokio::join!(ours.write_all(&[1; 64]), theirs.read_exact(&mut read));
        assert!(written.is_ok() && all.is_ok());
        let error = ours.write_all(&[1; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
