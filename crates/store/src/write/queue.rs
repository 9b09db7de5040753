//! The queue before the writer's thread, and that thread.

use std::{
    fmt,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::oneshot;

use super::{Writer, desk::Desk};
use crate::{
    Changes, Error,
    moment::{Threads, breath},
    patrol::Repair,
};

/// At most so many changes in one transaction: more would only make the first of them wait.
const MOST: usize = 1000;

/// A batch is closed once it holds so many bytes: they are in memory until all of it is written.
const MOST_BYTES: usize = 8 << 20;

/// After so much quiet, what was committed is moved from the log into the tables' file.
const QUIET: Duration = Duration::from_millis(250);

/// Changes on their way to the writer. Dropping it lets the writer finish what waits, and ends it.
pub(crate) struct Queue {
    desk: Arc<Desk>,
    sender: Option<Sender<Waiting>>,
    thread: Option<JoinHandle<()>>,
}

enum Waiting {
    Changes(Changes, Answer),
    /// What is to be put right between them.
    Repair(Repair, Answer),
    /// There is a log that is worth moving: the thread is to look when it is quiet.
    Look,
}

type Answer = oneshot::Sender<Result<(), Error>>;

impl Queue {
    /// Starts the writer's thread.
    pub(crate) fn start(writer: Writer, threads: &Arc<Threads>) -> Result<Self, Error> {
        let (sender, receiver) = mpsc::channel();
        let desk = Arc::new(Desk::new(writer, threads));
        let shared = Arc::clone(&desk);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&shared, &receiver))
            .map_err(|e| Error::Unavailable(format!("no thread for the writer: {e}")))?;
        Ok(Self { desk, sender: Some(sender), thread: Some(thread) })
    }

    #[cfg(test)]
    pub(super) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Waits until the changes are committed or refused.
    pub(crate) async fn commit(&self, changes: Changes) -> Result<(), Error> {
        let sender = self.sender.as_ref().ok_or_else(stopped)?;
        let coming = self.desk.come();
        // Those who commit in the same breath come too, and are written together, in their order.
        breath().await;
        if let Some(written) = coming.write_at_once(&changes) {
            if written.is_worth_moving_now {
                // Without the thread nothing more is written anyhow; this is.
                let _ = sender.send(Waiting::Look);
            }
            return written.verdict;
        }
        let (answer, answered) = oneshot::channel();
        coming.send();
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

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
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

fn run(desk: &Desk, queue: &Receiver<Waiting>) {
    let (mut moves, mut seen) = (false, 0);
    loop {
        let first = match moves {
            true => queue.recv_timeout(QUIET),
            false => queue.recv().map_err(Into::into),
        };
        // Who has failed while writing leaves nothing that could be trusted.
        let Some(mut writer) = desk.writer() else { return };
        match first {
            Ok(first) => {
                let batch = gather(first, queue);
                desk.written(batch.carry_out(desk, &mut writer));
                if writer.log_is_long() {
                    writer.checkpoint();
                }
            }
            // Somebody has written at once meanwhile.
            Err(RecvTimeoutError::Timeout) if writer.unmoved() > seen => {}
            Err(RecvTimeoutError::Timeout) => writer.checkpoint(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
        (moves, seen) = (writer.log_is_worth_moving(), writer.unmoved());
    }
}

/// What is done in one go.
#[derive(Default)]
struct Batch {
    changes: Vec<Changes>,
    answers: Vec<Answer>,
    repairs: Vec<(Repair, Answer)>,
}

impl Batch {
    /// Writes, puts right and answers everybody; says how many changes that were.
    fn carry_out(self, desk: &Desk, writer: &mut Writer) -> usize {
        let count = self.changes.len();
        let verdicts = if count == 0 { Vec::new() } else { desk.write(writer, &self.changes) };
        for (answer, verdict) in self.answers.into_iter().zip(verdicts) {
            // Whoever asked may be gone; what was committed stays.
            let _ = answer.send(verdict);
        }
        for (repair, answer) in self.repairs {
            let _ = answer.send(writer.repair(&repair));
        }
        count
    }
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
            Waiting::Look => {}
        }
        let room = batch.changes.len() < MOST && bytes < MOST_BYTES;
        next = if room { queue.try_recv().ok() } else { None };
    }
    batch
}
