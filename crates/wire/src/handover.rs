//! What an answer hands over to the client: whether it got away is known when the last of it has gone, and not before.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use trainyard_services::executions::Handed;

use crate::departures::Departures;

/// What an operation's answer hands over, if anything.
#[derive(Clone, Default)]
pub struct Handover(Arc<Mutex<Option<Handed>>>);

impl Handover {
    /// The answer hands this over.
    pub(crate) fn put(&self, handed: Handed) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(handed);
    }

    fn take(&self) -> Option<Handed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The answer is where it is to go.
    pub(crate) fn delivered(&self) {
        if let Some(handed) = self.take() {
            handed.delivered();
        }
    }

    /// The answer on its way: what it hands over is delivered when its last byte has gone, and comes back if it breaks
    /// off.
    pub(crate) fn see_off(&self, response: Response, departures: Option<Departures>) -> Response {
        match self.take() {
            None => response,
            Some(handed) if response.status().is_success() => {
                response.map(|body| Body::new(Watched { body, departures, handed: Some(handed) }))
            }
            Some(_) => response,
        }
    }
}

struct Watched {
    body: Body,
    /// None where nobody tells when an answer has gone.
    departures: Option<Departures>,
    handed: Option<Handed>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let taken = match &polled {
            Poll::Ready(Some(Ok(_))) => self.body.is_end_stream(),
            Poll::Ready(None) => true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => false,
        };
        if let Some(handed) = self.handed.take_if(|_| taken) {
            match &self.departures {
                Some(departures) => departures.when_gone(|| handed.delivered()),
                None => handed.delivered(),
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
