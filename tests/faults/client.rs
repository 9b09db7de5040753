//! A client of the server that tells an answer from the lack of one: one connection for each request, no retries.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

use crate::Outcome;

pub(crate) const REGION: &str = "us-east-1";
pub(crate) const ACCOUNT: &str = "000000000000";
/// Who does not answer within this is away.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a server answers.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) patience: Duration,
}

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer: what was asked for may have been done or not.
#[derive(Debug)]
pub(crate) struct Lost(pub(crate) io::Error);

impl Answer {
    pub(crate) fn is_ok(&self) -> bool {
        self.status < 300
    }

    /// The server's own trouble, as opposed to a mistake of the asker's.
    pub(crate) fn is_trouble(&self) -> bool {
        self.status >= 500
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Outcome<Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// AWS's name for what is wrong.
    pub(crate) fn code(&self) -> String {
        let named = self.json().ok().and_then(|body| body["__type"].as_str().map(str::to_owned));
        let name = named.unwrap_or_default();
        name.rsplit('#').next().unwrap_or_default().to_owned()
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, patience: PATIENCE }
    }

    /// The same with another patience.
    pub(crate) fn waiting(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// An operation of Step Functions.
    pub(crate) fn states(&self, operation: &str, input: &Value) -> Result<Answer, Lost> {
        self.json(("states", "AWSStepFunctions", "1.0"), operation, input)
    }

    /// An operation of EventBridge.
    pub(crate) fn events(&self, operation: &str, input: &Value) -> Result<Answer, Lost> {
        self.json(("events", "AWSEvents", "1.1"), operation, input)
    }

    /// An operation of ECR.
    pub(crate) fn registry(&self, operation: &str, input: &Value) -> Result<Answer, Lost> {
        self.json(("ecr", "AmazonEC2ContainerRegistry_V20150921", "1.1"), operation, input)
    }

    /// What must be answered well, as JSON.
    pub(crate) fn must(&self, operation: &str, input: &Value) -> Outcome<Value> {
        let answer = self.states(operation, input)?;
        if !answer.is_ok() {
            return Err(format!("{operation} {input}: {} {}", answer.status, answer.text()).into());
        }
        answer.json()
    }

    pub(crate) fn get(&self, path: &str) -> Result<Answer, Lost> {
        self.ask("GET", path, &object_headers(), b"")
    }

    pub(crate) fn put(&self, path: &str, body: &[u8]) -> Result<Answer, Lost> {
        self.ask("PUT", path, &object_headers(), body)
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Answer, Lost> {
        self.ask("DELETE", path, &object_headers(), b"")
    }

    fn json(
        &self,
        (service, target, version): (&str, &str, &str),
        operation: &str,
        input: &Value,
    ) -> Result<Answer, Lost> {
        self.ask(
            "POST",
            "/",
            &json_headers(service, target, version, operation),
            input.to_string().as_bytes(),
        )
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<Answer, Lost> {
        let mut stream = TcpStream::connect_timeout(&self.address, self.patience).map_err(Lost)?;
        stream.set_read_timeout(Some(self.patience)).map_err(Lost)?;
        let request = request(self.address, (method, path), headers, body);
        // A server that refuses may do so before it has read everything: its answer counts.
        let sent = stream.write_all(&request);
        read(&mut stream).map_err(|error| Lost(sent.err().unwrap_or(error)))
    }
}

/// The headers of an operation of the JSON protocols. Nobody checks the signature, but it says which service is meant.
pub(crate) fn json_headers(service: &str, target: &str, version: &str, operation: &str) -> String {
    let types =
        format!("content-type: application/x-amz-json-{version}\r\nx-amz-target: {target}.{operation}\r\n");
    types + &authorization(service)
}

fn object_headers() -> String {
    authorization("s3") + "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"
}

fn authorization(service: &str) -> String {
    format!(
        "authorization: AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{service}/aws4_request, \
         SignedHeaders=host, Signature={:064}\r\nx-amz-date: 20260101T000000Z\r\n",
        0
    )
}

/// The bytes of a request.
pub(crate) fn request(
    address: SocketAddr,
    (method, path): (&str, &str),
    headers: &str,
    body: &[u8],
) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Reads one answer to its end; half of one is none.
pub(crate) fn read(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let torn = || io::Error::new(io::ErrorKind::UnexpectedEof, "half an answer");
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(torn)?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = head.get(9..12).and_then(|code| code.parse().ok()).ok_or_else(torn)?;
    let body = &bytes[end + 4..];
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    let body = if header("transfer-encoding: chunked").is_some() {
        unchunked(body).ok_or_else(torn)?
    } else {
        let length = header("content-length: ").and_then(|n| n.parse().ok()).unwrap_or(0);
        body.get(..length).ok_or_else(torn)?.to_vec()
    };
    Ok(Answer { status, body })
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        let chunk = rest.get(line + 2..line + 2 + size)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
        rest = rest.get(line + 4 + size..)?;
    }
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no answer: {}", self.0)
    }
}

impl std::error::Error for Lost {}
