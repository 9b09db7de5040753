//! The listener's loop: connections with limits on headers and time, and an end that waits for requests in hand.

use std::time::Duration;

use axum::Router;
use hyper::{server::conn::http1, service::Service as _};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    again::Again,
    patience::{Reading, UNREAD},
    places::{Place, Places},
};
use crate::departures::Departures;

/// How long a request's head may take, and a connection wait for the next.
const HEADER_TIME: Duration = Duration::from_secs(10);
const HEADERS: usize = 100;
const HEADER_BYTES: usize = 64 * 1024;
/// So many connections at once, each with the files it reads: below the 1024 files that systems give a program. More
/// are let in for those that say nothing.
const CONNECTIONS: usize = 400;
/// How long requests in hand may still take when the server ends.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Serves until `stop`; then no new connections, and requests in hand have some seconds to end.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let places = Places::new(CONNECTIONS);
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, mostly: others will end.
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = places.take() => place,
        };
        let _ = stream.set_nodelay(true);
        connections.spawn(Again::new(connection(stream, place, router.clone(), stop.clone())));
    }
    connections.close();
    let _ = tokio::time::timeout(LAST_WORDS, connections.wait()).await;
}

async fn connection<S>(stream: S, place: Place, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (in_hand, cut) = (place.counter(), place.cut());
    let departures = Departures::default();
    let stream = Reading::new(stream, UNREAD, departures.clone());
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(departures.clone());
        let (request_in_hand, router) = (in_hand(), TowerToHyperService::new(router.clone()));
        async move {
            let answer = router.call(request).await?;
            Ok::<_, std::convert::Infallible>(answer.map(|body| request_in_hand.until_read(body)))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(HEADERS)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = cut.cancelled() => Ok(()),
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::Request, response::Response};
    use bytes::Bytes;
    use futures::stream;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
        sync::oneshot::{self, Receiver},
        task::JoinHandle,
    };

    use super::*;

    /// A client that has asked for an answer of 10,000 bytes; what hears when that has gone; and the connection.
    async fn asked() -> (DuplexStream, Receiver<()>, JoinHandle<()>) {
        let (tell, told) = oneshot::channel();
        let tell = std::sync::Arc::new(std::sync::Mutex::new(Some(tell)));
        let router = Router::new().fallback(move |request: Request| {
            let departures = request.extensions().get::<Departures>().cloned().unwrap();
            let tell = tell.lock().unwrap().take().unwrap();
            let last = stream::once(async move {
                departures.when_gone(|| tell.send(()).unwrap_or_default());
                Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 10_000]))
            });
            async move { Response::new(Body::from_stream(last)) }
        });
        let (ours, mut theirs) = tokio::io::duplex(64);
        let place = Places::new(1).take().await;
        let connection = tokio::spawn(connection(ours, place, router, CancellationToken::new()));
        theirs.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
        (theirs, told, connection)
    }

    #[tokio::test]
    async fn an_answer_has_gone_when_the_last_of_it_is_written() {
        let (mut theirs, mut told, _connection) = asked().await;
        theirs.read_exact(&mut [0; 9000]).await.unwrap();
        assert!(told.try_recv().is_err(), "1,000 bytes are still here");
        let reading = tokio::spawn(async move { theirs.read_to_end(&mut Vec::new()).await });
        told.await.unwrap();
        reading.abort();
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_has_not_gone() {
        let (mut theirs, told, connection) = asked().await;
        theirs.read_exact(&mut [0; 9000]).await.unwrap();
        drop(theirs);
        connection.await.unwrap();
        assert!(told.await.is_err());
    }
}
