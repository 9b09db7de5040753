//! One connection, kept alive: a request at a time. As little of HTTP as the server's answers need, so that the
//! processor is the server's.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, ToSocketAddrs},
};

use crate::{Api, Done, sign::Signer};

/// A connection of somebody who signs.
pub struct Link {
    stream: TcpStream,
    signer: Signer,
    api: Api,
    read: Vec<u8>,
    used: Instant,
}

/// The server closes connections that rest for longer than twice this.
const REST: Duration = Duration::from_secs(5);

impl Link {
    /// A connection on which this API is spoken.
    pub async fn open(host: &str, signer: Signer, api: Api) -> Done<Self> {
        let stream = connect(host).await?;
        Ok(Self { stream, signer, api, read: Vec::new(), used: Instant::now() })
    }

    /// Calls the operation; what is not a success is an error.
    pub async fn call(&mut self, operation: &str, input: &str) -> Done<Vec<u8>> {
        let mut request = self.signer.head(self.api, operation, input.as_bytes())?;
        request.push_str(input);
        let (status, body) = self.exchange(request.as_bytes()).await?;
        match status {
            200 => Ok(body),
            _ => Err(format!("{operation}: {status} {}", String::from_utf8_lossy(&body)).into()),
        }
    }

    /// The same, with the answer read.
    pub async fn ask(&mut self, operation: &str, input: &Value) -> Done<Value> {
        Ok(serde_json::from_slice(&self.call(operation, &input.to_string()).await?)?)
    }

    /// Gets a page that needs no signature.
    pub async fn page(&mut self, path: &str) -> Done<String> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let (status, body) = self.exchange(request.as_bytes()).await?;
        if status == 200 { Ok(String::from_utf8(body)?) } else { Err(format!("{path}: {status}").into()) }
    }

    async fn exchange(&mut self, request: &[u8]) -> Done<(u16, Vec<u8>)> {
        if self.used.elapsed() > REST {
            self.stream = connect(self.stream.peer_addr()?).await?;
        }
        self.stream.write_all(request).await?;
        let head = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let text = std::str::from_utf8(&self.read[..head])?.to_ascii_lowercase();
        let status = text.get(9..12).ok_or("an answer without a status")?.parse()?;
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let length: usize = length.ok_or("an answer without a length")?.parse()?;
        while self.read.len() < head + length {
            self.more().await?;
        }
        let rest = self.read.split_off(head + length);
        let mut answer = std::mem::replace(&mut self.read, rest);
        self.used = Instant::now();
        Ok((status, answer.split_off(head)))
    }

    async fn more(&mut self) -> Done {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err("the server has closed the connection".into()),
            _ => Ok(()),
        }
    }
}

async fn connect(host: impl ToSocketAddrs) -> Done<TcpStream> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
