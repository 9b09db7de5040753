//! Asking a variant whether it can take requests.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A variant must answer within this time.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html>
const LIMIT: Duration = Duration::from_secs(2);

/// How much of an answer is read, and how long it is waited for: one that keeps the connection open has no end.
const LONGEST_REST: u64 = 64 * 1024;
const REST_WITHIN: Duration = Duration::from_millis(200);

/// Why the variant at this address is not ready; `None` if it answers `GET /ping` with 200.
pub(super) async fn trouble(address: SocketAddr) -> Option<String> {
    match tokio::time::timeout(LIMIT, status(address)).await {
        Err(_) => Some("it does not answer GET /ping within 2 seconds".into()),
        Ok(Err(error)) => Some(format!("it does not answer GET /ping: {error}")),
        Ok(Ok(status)) if status == "200" => None,
        Ok(Ok(status)) => Some(format!("it answers GET /ping with {status}")),
    }
}

async fn status(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /ping HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    // `HTTP/1.1 200`: the rest is nobody's business, but a connection that is reset while the variant still writes
    // leaves a traceback in its log.
    let mut begin = [0; 12];
    stream.read_exact(&mut begin).await?;
    let mut rest = stream.take(LONGEST_REST);
    let _ = tokio::time::timeout(REST_WITHIN, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
    let text = String::from_utf8_lossy(&begin);
    let status = text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..)).unwrap_or("what is not HTTP/1");
    Ok(status.to_owned())
}
