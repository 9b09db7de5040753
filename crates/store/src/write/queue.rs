//! The queue before the writer, and its thread.

use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::oneshot;

use super::Writer;
use crate::{Changes, Error, patrol::Repair};

/// At most so many changes in one transaction: more would only make the first of them wait.
const MOST: usize = 1000;

/// A batch is closed once it holds so many bytes: it becomes a few JSON arguments in memory.
const MOST_BYTES: usize = 8 << 20;

/// After so much quiet, what was committed is moved from the log into the tables' file.
const QUIET: Duration = Duration::from_millis(250);

/// Fewer changes than this stay in the log, which costs next to nothing when the store is opened again.
const WORTH_MOVING: usize = 64;

/// Changes on their way to the writer. Dropping it lets the writer finish what waits, and ends it.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: Option<Sender<Waiting>>,
    thread: Option<JoinHandle<()>>,
}

enum Waiting {
    Changes(Changes, Answer),
    /// What is to be put right between them.
    Repair(Repair, Answer),
}

type Answer = oneshot::Sender<Result<(), Error>>;

impl Queue {
    /// Starts the writer's thread.
    pub(crate) fn start(writer: Writer) -> Result<Self, Error> {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(writer, &receiver))
            .map_err(|e| Error::Unavailable(format!("no thread for the writer: {e}")))?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    /// Waits until the changes are committed or refused.
    pub(crate) async fn commit(&self, changes: Changes) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        let sender = self.sender.as_ref().ok_or_else(stopped)?;
        sender.send(Waiting::Changes(changes, answer)).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Has the writer put a thing right in its turn, and waits until that is done: on a thread that may wait. The writer
    /// goes on until this is dropped too.
    pub(crate) fn repairs(&self) -> impl Fn(Repair) -> Result<(), Error> + Send + 'static {
        let sender = self.sender.clone();
        move |repair| {
            let (answer, answered) = oneshot::channel();
            let sender = sender.as_ref().ok_or_else(stopped)?;
            sender.send(Waiting::Repair(repair, answer)).map_err(|_| stopped())?;
            answered.blocking_recv().map_err(|_| stopped())?
        }
    }
}

fn stopped() -> Error {
    Error::Unavailable("the writer has stopped".to_owned())
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer had failed");
        }
    }
}

fn run(mut writer: Writer, queue: &Receiver<Waiting>) {
    let mut written = 0;
    loop {
        let first = match written {
            WORTH_MOVING.. => queue.recv_timeout(QUIET),
            _ => queue.recv().map_err(Into::into),
        };
        match first {
            Ok(first) => {
                let Batch { changes, answers, repairs } = gather(first, queue);
                let verdicts = if changes.is_empty() { Vec::new() } else { writer.write(&changes) };
                for (answer, verdict) in answers.into_iter().zip(verdicts) {
                    // Whoever asked may be gone; what was committed stays.
                    let _ = answer.send(verdict);
                }
                for (repair, answer) in repairs {
                    let _ = answer.send(writer.repair(&repair));
                }
                written += changes.len();
            }
            Err(RecvTimeoutError::Timeout) => {
                writer.checkpoint();
                written = 0;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// What is done in one go.
#[derive(Default)]
struct Batch {
    changes: Vec<Changes>,
    answers: Vec<Answer>,
    repairs: Vec<(Repair, Answer)>,
}

/// Takes what waits already, without waiting for more.
fn gather(first: Waiting, queue: &Receiver<Waiting>) -> Batch {
    let (mut batch, mut bytes, mut next) = (Batch::default(), 0, Some(first));
    while let Some(waiting) = next {
        match waiting {
            Waiting::Changes(changes, answer) => {
                bytes += changes.bytes();
                batch.changes.push(changes);
                batch.answers.push(answer);
            }
            Waiting::Repair(repair, answer) => batch.repairs.push((repair, answer)),
        }
        let room = batch.changes.len() < MOST && bytes < MOST_BYTES;
        next = if room { queue.try_recv().ok() } else { None };
    }
    batch
}
