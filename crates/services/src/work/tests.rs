use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;
use trainyard_store::Store;

use super::*;

/// Does what the item's body says, and tells that it was asked.
struct Doer {
    asked: mpsc::UnboundedSender<String>,
    times: AtomicUsize,
}

#[async_trait]
impl Worker for Doer {
    const TOPIC: &'static str = "test";
    const WIDTH: usize = 2;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
        let first = self.times.fetch_add(1, Ordering::SeqCst) == 0;
        self.asked.send(item.id.clone()).unwrap();
        match item.body.as_str() {
            "panic" if first => panic!("as asked"),
            "fail" if first => Err("as asked".into()),
            "rest" => Ok(Outcome::Later(Duration::from_secs(3600))),
            _ => Ok(Outcome::Finished(Changes::new())),
        }
    }
}

struct Loop {
    ground: Ground,
    asked: mpsc::UnboundedReceiver<String>,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Loop {
    async fn start() -> Self {
        let ground = Ground::new(Store::in_memory().await.unwrap());
        let (tell, asked) = mpsc::unbounded_channel();
        let doer = Arc::new(Doer { asked: tell, times: AtomicUsize::new(0) });
        let stop = CancellationToken::new();
        let running = tokio::spawn(run(ground.clone(), doer, stop.clone()));
        Self { ground, asked, stop, running }
    }

    async fn schedule(&self, id: &str, body: &str) {
        let mut changes = Changes::new();
        changes.schedule(WorkItem::now(Doer::TOPIC, id, body));
        self.ground.store.commit(changes).await.unwrap();
    }

    /// The next piece of work that the doer was given.
    async fn next(&mut self) -> String {
        let soon = Duration::from_secs(20);
        tokio::time::timeout(soon, self.asked.recv()).await.expect("nothing is worked on").unwrap()
    }

    async fn end(self) -> usize {
        self.stop.cancel();
        self.running.await.unwrap();
        self.ground.store.due(Doer::TOPIC, self.ground.now(), 100).await.unwrap().len()
    }
}

#[tokio::test]
async fn work_that_fails_or_breaks_off_is_done_again() {
    for body in ["fail", "panic"] {
        let mut going = Loop::start().await;
        going.schedule("a", body).await;
        assert_eq!((going.next().await, going.next().await), ("a".to_owned(), "a".to_owned()));
        assert_eq!(going.end().await, 0, "what is done is off the topic");
    }
}

#[tokio::test]
async fn work_that_rests_is_taken_up_when_it_is_scheduled_anew() {
    let mut going = Loop::start().await;
    going.schedule("a", "rest").await;
    assert_eq!(going.next().await, "a");
    going.schedule("a", "do").await;
    assert_eq!(going.next().await, "a");
    assert_eq!(going.end().await, 0);
}

#[tokio::test]
async fn work_that_rests_keeps_nobody_from_working() {
    let mut going = Loop::start().await;
    for id in ["a", "b", "c", "d", "e"] {
        going.schedule(id, "rest").await;
        assert_eq!(going.next().await, id);
    }
    going.schedule("f", "do").await;
    assert_eq!(going.next().await, "f");
    assert_eq!(going.end().await, 5);
}
