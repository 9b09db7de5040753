//! `git http-backend` as a CGI program: the request streams in, the answer streams out.

use std::process::Stdio;

use axum::{body::Body, response::Response};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::{StatusCode, request::Parts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    sync::{mpsc, oneshot},
};
use trainyard_domain::Principal;
use trainyard_services::repositories::{Place, Repositories, git};

use super::{
    head::{self, Head},
    header_text, plain,
    route::{Act, Route},
};

/// What a fetch asks for: the commits it wants and has.
const FETCH_LIMIT: u64 = 64 << 20;
/// So much of what git complains of goes to the log.
const COMPLAINT: usize = 4096;

/// One request, ready to be given to git.
pub(super) struct Call {
    pub repositories: Repositories,
    pub caller: Principal,
    pub place: Place,
    pub route: Route,
    pub parts: Parts,
}

type Chunk = Result<Bytes, std::io::Error>;

/// Has git answer. The answer ends only when what was pushed has been told, so that whoever waits for it knows that.
pub(super) async fn answer(call: Call, body: Body) -> Response {
    let child = match command(&call).spawn() {
        Ok(child) => child,
        Err(error) => {
            tracing::error!(%error, "git cannot be started");
            return plain(StatusCode::SERVICE_UNAVAILABLE, "the server cannot start git: is it installed?");
        }
    };
    let (head, head_comes) = oneshot::channel();
    let (chunks, mut rest) = mpsc::channel::<Chunk>(16);
    // On its own: a push whose client has gone away is still told.
    tokio::spawn(run(call, child, body, (head, chunks)));
    match head_comes.await {
        Ok(Ok(Head { status, headers })) => {
            let body = futures::stream::poll_fn(move |context| rest.poll_recv(context));
            let mut response = Response::new(Body::from_stream(body));
            (*response.status_mut(), *response.headers_mut()) = (status, headers);
            response
        }
        Ok(Err(Broken::TooLarge(limit))) => plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!("the push is larger than {limit} bytes, which is the limit here"),
        ),
        Ok(Err(Broken::Cut)) => plain(StatusCode::BAD_REQUEST, "the request's body broke off"),
        Ok(Err(Broken::Backend)) | Err(_) => {
            plain(StatusCode::INTERNAL_SERVER_ERROR, "git broke off; the server's log says why")
        }
    }
}

/// Why there is no whole answer.
#[derive(Debug)]
enum Broken {
    /// The body is larger than this.
    TooLarge(u64),
    /// The client broke off.
    Cut,
    /// git broke off.
    Backend,
}

fn command(call: &Call) -> Command {
    let (act, parts) = (call.route.act, &call.parts);
    let root = call.place.path.parent().unwrap_or(&call.place.path);
    let directory = call.place.path.file_name().unwrap_or_default().to_string_lossy();
    let mut command = git();
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GATEWAY_INTERFACE", "CGI/1.1")
        .env("SERVER_PROTOCOL", "HTTP/1.1")
        .env("REQUEST_METHOD", act.method().as_str())
        .env("PATH_INFO", format!("/{directory}{}", act.path()))
        .env("QUERY_STRING", act.query())
        .env("REMOTE_USER", call.caller.arn.to_string())
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let passed = [
        ("CONTENT_TYPE", "content-type"),
        ("CONTENT_LENGTH", "content-length"),
        ("HTTP_CONTENT_ENCODING", "content-encoding"),
        ("GIT_PROTOCOL", "git-protocol"),
    ];
    for (variable, header) in passed {
        if let Some(value) = header_text(parts, header).filter(|value| value.len() <= 256) {
            command.env(variable, value);
        }
    }
    command
}

async fn run(
    call: Call,
    mut child: Child,
    body: Body,
    (head, chunks): (oneshot::Sender<Result<Head, Broken>>, mpsc::Sender<Chunk>),
) {
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return;
    };
    let limit = if call.route.act == Act::Push { call.repositories.push_limit() } else { FETCH_LIMIT };
    let mut head = Some(head);
    let fed = async {
        let fed = feed(body, stdin, limit).await;
        if fed.is_err() {
            // Half a push is none: git throws away what it has.
            let _ = child.start_kill();
        }
        fed
    };
    let (fed, drained, complaint) = tokio::join!(fed, drain(stdout, &mut head, &chunks), listen(stderr));
    let ended = child.wait().await;
    let well = ended.as_ref().is_ok_and(std::process::ExitStatus::success);
    if !well || !complaint.is_empty() {
        tracing::info!(repository = call.place.name, ?ended, complaint, "git complained");
    }
    if call.route.act == Act::Push {
        let (account, pusher) = (&call.caller.account, &call.caller.arn);
        if let Err(error) = call.repositories.compare(account, &call.place.name, Some(pusher)).await {
            tracing::error!(repository = call.place.name, %error, "a push cannot be told yet; the next one, or the next start, tells it");
        }
    }
    if let Some(head) = head {
        let _ = head.send(Err(fed.err().unwrap_or(Broken::Backend)));
    } else if drained.is_err() || fed.is_err() {
        let _ = chunks.send(Err(std::io::Error::other("git broke off"))).await;
    }
}

/// The request's body to git. A git that no longer reads is no error: it has said why.
async fn feed(body: Body, mut stdin: ChildStdin, limit: u64) -> Result<(), Broken> {
    let mut left = limit;
    let mut body = body.into_data_stream();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Broken::Cut)?;
        left = left.checked_sub(chunk.len() as u64).ok_or(Broken::TooLarge(limit))?;
        if stdin.write_all(&chunk).await.is_err() {
            return Ok(());
        }
    }
    let _ = stdin.shutdown().await;
    Ok(())
}

/// git's answer: the head first, then all else as it comes. A client that no longer reads does not stop git.
async fn drain(
    mut stdout: ChildStdout,
    head: &mut Option<oneshot::Sender<Result<Head, Broken>>>,
    chunks: &mpsc::Sender<Chunk>,
) -> Result<(), Broken> {
    let mut buffer = BytesMut::with_capacity(head::LONGEST);
    let at = loop {
        if let Some(at) = head::end(&buffer) {
            break at;
        }
        if buffer.len() >= head::LONGEST || stdout.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
            return Err(Broken::Backend);
        }
    };
    let read = head::read(&buffer.split_to(at)).ok_or(Broken::Backend)?;
    if let Some(head) = head.take() {
        let _ = head.send(Ok(read));
    }
    let mut wanted = true;
    loop {
        if !buffer.is_empty() {
            let chunk = buffer.split().freeze();
            wanted = wanted && chunks.send(Ok(chunk)).await.is_ok();
        }
        buffer.reserve(64 * 1024);
        match stdout.read_buf(&mut buffer).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(_) => return Err(Broken::Backend),
        }
    }
}

async fn listen(mut stderr: ChildStderr) -> String {
    let mut said = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        said.extend_from_slice(&buffer[..read.min(COMPLAINT.saturating_sub(said.len()))]);
    }
    String::from_utf8_lossy(&said).trim().to_owned()
}
