//! Lanes take turns, and one whose work hangs keeps no other waiting.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, mpsc};
use trainyard_store::Store;

use super::*;

/// Does what the item's body says, and tells that it was asked.
struct Doer {
    asked: mpsc::UnboundedSender<String>,
    times: AtomicUsize,
    /// What hangs waits here.
    gate: Arc<Semaphore>,
}

#[async_trait]
impl Worker for Doer {
    const TOPIC: &'static str = "test";
    const WIDTH: usize = 2;

    fn hands(&self, lane: &str) -> Hands {
        Hands { most: if lane.is_empty() { Self::WIDTH } else { 64 }, handful: 1 }
    }

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
        let first = self.times.fetch_add(1, Ordering::SeqCst) == 0;
        self.asked.send(item.id.clone()).unwrap();
        match item.body.as_str() {
            "panic" if first => panic!("as asked"),
            "fail" if first => Err("as asked".into()),
            "hang" => {
                let _turn = self.gate.acquire().await;
                Ok(Outcome::Finished(Changes::new()))
            }
            "rest" => Ok(Outcome::Later(Duration::from_secs(3600))),
            _ => Ok(Outcome::Finished(Changes::new())),
        }
    }
}

struct Loop {
    ground: Ground,
    asked: mpsc::UnboundedReceiver<String>,
    gate: Arc<Semaphore>,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Loop {
    async fn start() -> Self {
        let ground = Ground::new(Store::in_memory().await.unwrap());
        let (tell, asked) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(0));
        let doer = Arc::new(Doer { asked: tell, times: AtomicUsize::new(0), gate: gate.clone() });
        let stop = CancellationToken::new();
        let running = tokio::spawn(run(ground.clone(), doer, stop.clone()));
        Self { ground, asked, gate, stop, running }
    }

    async fn schedule(&self, id: &str, body: &str) {
        let mut changes = Changes::new();
        changes.schedule(WorkItem::now(Doer::TOPIC, id, body));
        self.ground.store.commit(changes).await.unwrap();
    }

    /// So many pieces for each of the lanes, all at once.
    async fn fill(&self, lanes: impl IntoIterator<Item = String>, count: usize, body: &str) {
        let mut changes = Changes::new();
        for lane in lanes {
            for n in 0..count {
                changes
                    .schedule(WorkItem::now(Doer::TOPIC, format!("{lane} {n}"), body).in_lane(lane.as_str()));
            }
        }
        self.ground.store.commit(changes).await.unwrap();
    }

    /// Until the doer has been given so many pieces of work more.
    async fn given(&mut self, count: usize) {
        for n in 0..count {
            let soon = Duration::from_secs(20);
            let asked = tokio::time::timeout(soon, self.asked.recv()).await;
            asked.unwrap_or_else(|_| panic!("only {n} of {count} are worked on")).unwrap();
        }
    }

    /// The next piece of work that the doer was given.
    async fn next(&mut self) -> String {
        let soon = Duration::from_secs(20);
        tokio::time::timeout(soon, self.asked.recv()).await.expect("nothing is worked on").unwrap()
    }

    async fn end(self) -> usize {
        self.gate.close();
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

fn named(names: std::ops::Range<usize>) -> impl Iterator<Item = String> {
    names.map(|n| format!("slow {n}"))
}

#[tokio::test]
async fn lanes_in_which_all_hangs_leave_the_others_their_share() {
    let mut going = Loop::start().await;
    going.fill(named(0..4), 80, "hang").await;
    going.given(256).await;
    // A fifth of all hands, though none of the others has come back.
    going.fill(named(4..5), 51, "hang").await;
    going.given(51).await;
    for n in 0..3 {
        going.fill([format!("quick {n}")], 1, "do").await;
        assert_eq!(going.next().await, format!("quick {n} 0"));
    }
    going.end().await;
}

#[tokio::test]
async fn a_lane_with_nothing_in_hand_gets_a_hand_however_many_hang() {
    let mut going = Loop::start().await;
    going.fill(named(0..400), 1, "hang").await;
    going.given(400).await;
    for n in 0..3 {
        going.fill([format!("quick {n}")], 1, "do").await;
        assert_eq!(going.next().await, format!("quick {n} 0"));
    }
    going.end().await;
}
