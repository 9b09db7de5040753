//! The listener's loop: connections with limits on headers and time, and an end that waits for requests in hand.

use std::time::Duration;

use axum::Router;
use hyper::{server::conn::http1, service::Service as _};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    patience::{Reading, UNREAD},
    places::{Place, Places},
};

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
        connections.spawn(connection(stream, place, router.clone(), stop.clone()));
    }
    connections.close();
    let _ = tokio::time::timeout(LAST_WORDS, connections.wait()).await;
}

async fn connection(stream: TcpStream, place: Place, router: Router, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let (in_hand, cut) = (place.counter(), place.cut());
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
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
        .serve_connection(TokioIo::new(Reading::new(stream, UNREAD)), service)
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
