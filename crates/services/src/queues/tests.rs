use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use trainyard_domain::{Principal, Scope, Timestamp};
use trainyard_store::{List, Store};

use super::{
    message::{Apart, Message},
    *,
};
use crate::{refusal::Refusal, work::Worker};

/// A room whose clock stands still until it is moved.
struct World {
    queues: Queues,
    store: Store,
    clock: Arc<AtomicI64>,
    root: Principal,
}

impl World {
    async fn new() -> Self {
        let (store, clock) = (Store::in_memory().await.unwrap(), Arc::new(AtomicI64::new(1_700_000_000_000)));
        let queues = Queues::new(ground(&store, &clock));
        Self { queues, store, clock, root: Principal::root(&Scope::default_scope()) }
    }

    /// The same as after a crash: nothing is in memory.
    fn again(&mut self) {
        self.queues = Queues::new(ground(&self.store, &self.clock));
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    fn caller(&self) -> Caller<'_> {
        Caller::principal(&self.root)
    }

    async fn queue(&self, name: &str, attributes: &[(&str, &str)]) -> QueueName {
        let name = QueueName { scope: Scope::default_scope(), name: name.to_owned() };
        let mut all = attributes_of(attributes);
        if name.is_fifo() {
            all.insert("FifoQueue".to_owned(), "true".to_owned());
        }
        self.queues.create(&self.caller(), &name, &all, BTreeMap::new()).await.unwrap()
    }

    async fn set(&self, name: &QueueName, attributes: &[(&str, &str)]) -> Result<(), Error> {
        self.queues.set_attributes(&self.caller(), name, &attributes_of(attributes)).await
    }

    async fn send(&self, name: &QueueName, body: &str) -> Sent {
        let sending = Sending { letter: Letter::of(body), ..Sending::default() };
        self.queues.send(&self.caller(), name, sending).await.unwrap()
    }

    async fn send_in(&self, name: &QueueName, group: &str, body: &str) -> Sent {
        let sending = Sending {
            letter: Letter::of(body),
            group: Some(group.to_owned()),
            dedup: Some(body.to_owned()),
            ..Sending::default()
        };
        self.queues.send(&self.caller(), name, sending).await.unwrap()
    }

    async fn receive(&self, name: &QueueName, most: usize) -> Vec<Received> {
        let receiving = Receiving { most: Some(most), wait: Some(0), ..Receiving::default() };
        self.queues.receive(&self.caller(), name, &receiving).await.unwrap()
    }

    async fn bodies(&self, name: &QueueName, most: usize) -> Vec<String> {
        self.receive(name, most).await.into_iter().map(|message| message.letter.body).collect()
    }

    async fn say(&self, name: &QueueName, handle: &str, word: Word) -> Result<(), Error> {
        let told = self.queues.settle(&self.caller(), name, &[(handle.to_owned(), word)]).await?;
        told.into_iter().collect()
    }

    async fn counts(&self, name: &QueueName) -> [u64; 3] {
        let all = self.queues.attributes(&self.caller(), name, &["All".to_owned()]).await.unwrap();
        let count = |what: &str| all[&format!("ApproximateNumberOfMessages{what}")].parse().unwrap();
        [count(""), count("NotVisible"), count("Delayed")]
    }
}

fn ground(store: &Store, clock: &Arc<AtomicI64>) -> Ground {
    let hands = Arc::clone(clock);
    Ground::with_clock(store.clone(), Arc::new(move || Timestamp(hands.load(Ordering::SeqCst))))
}

fn attributes_of(attributes: &[(&str, &str)]) -> Attributes {
    attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn system<'a>(message: &'a Received, name: &str) -> Option<&'a str> {
    message.system.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

const REDRIVE: &str =
    r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"2"}"#;

#[tokio::test]
async fn a_message_goes_its_way() {
    let mut world = World::new().await;
    let jobs = world.queue("jobs", &[("VisibilityTimeout", "10")]).await;
    world.send(&jobs, "one").await;
    let large = "x".repeat(10_000);
    world.send(&jobs, &large).await;
    assert_eq!(world.counts(&jobs).await, [2, 0, 0]);
    let first = world.receive(&jobs, 1).await;
    assert_eq!(first[0].letter.body, "one");
    assert_eq!(world.bodies(&jobs, 10).await, [large.as_str()]);
    assert_eq!((world.bodies(&jobs, 10).await.len(), world.counts(&jobs).await), (0, [0, 2, 0]));
    world.again();
    assert_eq!(world.bodies(&jobs, 10).await.len(), 0, "who has it in hand is on disk");
    world.say(&jobs, &first[0].handle, Word::Done).await.unwrap();
    world.say(&jobs, &first[0].handle, Word::Done).await.unwrap();
    world.pass(10);
    let again = world.receive(&jobs, 10).await;
    assert_eq!(again.iter().map(|m| m.letter.body.as_str()).collect::<Vec<_>>(), [large]);
    assert_eq!(system(&again[0], "ApproximateReceiveCount"), Some("2"));
    world.say(&jobs, &again[0].handle, Word::Done).await.unwrap();
    assert_eq!(world.counts(&jobs).await, [0, 0, 0]);
    let left = world.store.list::<Apart>(List::everywhere()).await.unwrap();
    assert!(left.items.is_empty(), "its letter goes with it");
}

#[tokio::test]
async fn visibility_is_moved_by_the_last_handle_only() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[]).await;
    world.send(&jobs, "one").await;
    let first = world.receive(&jobs, 1).await.remove(0).handle;
    world.say(&jobs, &first, Word::VisibleIn(0)).await.unwrap();
    let second = world.receive(&jobs, 1).await.remove(0).handle;
    let refused = world.say(&jobs, &first, Word::VisibleIn(60)).await.unwrap_err();
    assert!(refused.to_string().contains("not available for visibility timeout change"), "{refused}");
    world.say(&jobs, &first, Word::Done).await.unwrap();
    assert_eq!(world.counts(&jobs).await, [0, 1, 0], "an older handle deletes nothing");
    world.say(&jobs, &second, Word::VisibleIn(100)).await.unwrap();
    world.pass(99);
    assert!(world.bodies(&jobs, 1).await.is_empty());
    world.pass(1);
    assert_eq!(world.bodies(&jobs, 1).await, ["one"]);
    for strange in ["", "x", "eA==", &second[4..]] {
        let code = world.say(&jobs, strange, Word::Done).await.unwrap_err().code();
        assert_eq!(code, "ReceiptHandleIsInvalid", "{strange}");
    }
}

#[tokio::test]
async fn a_delayed_message_is_seen_later() {
    let mut world = World::new().await;
    let jobs = world.queue("jobs", &[("DelaySeconds", "5")]).await;
    world.send(&jobs, "late").await;
    let now = Sending { letter: Letter::of("now"), delay: Some(0), ..Sending::default() };
    world.queues.send(&world.caller(), &jobs, now).await.unwrap();
    assert_eq!(world.counts(&jobs).await, [1, 0, 1]);
    assert_eq!(world.bodies(&jobs, 10).await, ["now"]);
    world.again();
    world.pass(5);
    assert_eq!(world.bodies(&jobs, 10).await, ["late"]);
    assert_eq!(world.counts(&jobs).await, [0, 2, 0]);
}

#[tokio::test]
async fn dead_letters_are_taken_away() {
    let world = World::new().await;
    let dead = world.queue("dead", &[]).await;
    let jobs = world.queue("jobs", &[("RedrivePolicy", REDRIVE), ("VisibilityTimeout", "1")]).await;
    let (large, sent) = ("x".repeat(10_000), world.send(&jobs, "poison").await);
    world.send(&jobs, &large).await;
    for _ in 0..2 {
        assert_eq!(world.bodies(&jobs, 10).await.len(), 2);
        world.pass(1);
    }
    world.send(&jobs, "good").await;
    assert_eq!(world.bodies(&jobs, 10).await, ["good"], "the dead are not in the way of others");
    let found = world.receive(&dead, 10).await;
    assert_eq!(found.iter().map(|m| m.letter.body.as_str()).collect::<Vec<_>>(), ["poison", &large]);
    assert_eq!(found[0].id, sent.id);
    let from = system(&found[0], "DeadLetterQueueSourceArn");
    assert_eq!(from, Some("arn:aws:sqs:us-east-1:000000000000:jobs"));
    let (sources, _) = world.queues.sources(&world.caller(), &dead, 10, None).await.unwrap();
    assert_eq!(sources, std::slice::from_ref(&jobs));
    world.queues.delete(&world.caller(), &dead).await.unwrap();
    world.pass(1);
    assert_eq!(world.bodies(&jobs, 10).await, ["good"]);
    world.pass(1);
    assert_eq!(
        world.bodies(&jobs, 10).await,
        ["good"],
        "there is nobody to take it: it is received once more"
    );
}

#[tokio::test]
async fn redrive_policies_name_a_queue_that_takes() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[]).await;
    let why = world.set(&jobs, &[("RedrivePolicy", REDRIVE)]).await.unwrap_err().to_string();
    assert!(why.contains("does not exist"), "{why}");
    let dead = world.queue("dead", &[("RedriveAllowPolicy", r#"{"redrivePermission":"denyAll"}"#)]).await;
    let why = world.set(&jobs, &[("RedrivePolicy", REDRIVE)]).await.unwrap_err().to_string();
    assert!(why.contains("does not allow"), "{why}");
    let by_queue =
        r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:000000000000:jobs"]}"#;
    world.set(&dead, &[("RedriveAllowPolicy", by_queue)]).await.unwrap();
    world.set(&jobs, &[("RedrivePolicy", REDRIVE)]).await.unwrap();
}

#[tokio::test]
async fn groups_keep_their_order() {
    let mut world = World::new().await;
    let jobs = world.queue("jobs.fifo", &[("VisibilityTimeout", "10")]).await;
    for (group, body) in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2")] {
        world.send_in(&jobs, group, body).await;
    }
    let first = world.receive(&jobs, 1).await.remove(0);
    assert_eq!(first.letter.body, "a1");
    world.again();
    assert_eq!(world.bodies(&jobs, 10).await, ["b1", "b2"], "a is busy, also after a restart");
    world.say(&jobs, &first.handle, Word::VisibleIn(0)).await.unwrap();
    let both = world.receive(&jobs, 10).await;
    assert_eq!(both.iter().map(|m| m.letter.body.as_str()).collect::<Vec<_>>(), ["a1", "a2"]);
    world.say(&jobs, &both[0].handle, Word::Done).await.unwrap();
    world.pass(10);
    let why = world.say(&jobs, &both[1].handle, Word::Done).await.unwrap_err().to_string();
    assert!(why.contains("expired"), "{why}");
    assert_eq!(world.bodies(&jobs, 10).await, ["b1", "b2", "a2"]);
}

#[tokio::test]
async fn the_same_is_sent_once_in_five_minutes() {
    let mut world = World::new().await;
    let jobs = world.queue("jobs.fifo", &[("ContentBasedDeduplication", "true")]).await;
    let send = |world: &World, body: &str, dedup: Option<&str>| {
        let (queues, root, jobs) = (world.queues.clone(), world.root.clone(), jobs.clone());
        let sending = Sending {
            letter: Letter::of(body),
            group: Some("g".to_owned()),
            dedup: dedup.map(str::to_owned),
            ..Sending::default()
        };
        async move { queues.send(&Caller::principal(&root), &jobs, sending).await.unwrap() }
    };
    let first = send(&world, "one", None).await;
    assert_eq!(send(&world, "one", None).await, first);
    world.again();
    assert_eq!(send(&world, "one", None).await, first, "also after a restart");
    assert_ne!(send(&world, "one", Some("other")).await.id, first.id);
    assert_eq!(world.counts(&jobs).await, [2, 0, 0]);
    world.pass(300);
    assert_ne!(send(&world, "one", None).await.id, first.id);
    let batch = ["x", "x", "y"].map(|body| Sending {
        letter: Letter::of(body),
        group: Some("g".to_owned()),
        ..Sending::default()
    });
    let sent = world.queues.send_all(&world.caller(), &jobs, batch.to_vec()).await.unwrap();
    let ids: BTreeSet<_> = sent.iter().map(|sent| sent.as_ref().unwrap().id.clone()).collect();
    assert_eq!(ids.len(), 2, "also within one batch");
}

#[tokio::test]
async fn a_call_that_is_made_again_sends_once() {
    let mut world = World::new().await;
    let jobs = world.queue("jobs", &[]).await;
    let sending = || Sending { letter: Letter::of("x"), token: Some("t".to_owned()), ..Sending::default() };
    let first = world.queues.send(&world.caller(), &jobs, sending()).await.unwrap();
    world.again();
    world.pass(3600);
    assert_eq!(world.queues.send(&world.caller(), &jobs, sending()).await.unwrap(), first);
    assert_eq!(world.counts(&jobs).await, [1, 0, 0]);
}

#[tokio::test]
async fn an_attempt_made_again_gets_the_same() {
    let world = World::new().await;
    let jobs = world.queue("jobs.fifo", &[]).await;
    world.send_in(&jobs, "a", "1").await;
    world.send_in(&jobs, "b", "2").await;
    let attempt = |attempt: &str| Receiving {
        most: Some(1),
        wait: Some(0),
        attempt: Some(attempt.to_owned()),
        ..Receiving::default()
    };
    let first = world.queues.receive(&world.caller(), &jobs, &attempt("one")).await.unwrap();
    let again = world.queues.receive(&world.caller(), &jobs, &attempt("one")).await.unwrap();
    assert_eq!(again, first);
    let other = world.queues.receive(&world.caller(), &jobs, &attempt("two")).await.unwrap();
    assert_eq!(other[0].letter.body, "2");
    world.say(&jobs, &first[0].handle, Word::Done).await.unwrap();
    let none = world.queues.receive(&world.caller(), &jobs, &attempt("one")).await.unwrap();
    assert!(none.is_empty(), "it is done with");
}

#[tokio::test]
async fn what_is_kept_long_enough_goes() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[("MessageRetentionPeriod", "60")]).await;
    for body in ["one", "two"] {
        world.send(&jobs, body).await;
    }
    world.pass(30);
    world.send(&jobs, "three").await;
    world.pass(30);
    assert_eq!(world.queues.sweep().await.unwrap(), 2);
    assert_eq!(world.counts(&jobs).await, [1, 0, 0]);
    world.pass(30);
    assert!(world.bodies(&jobs, 10).await.is_empty(), "expired, and not swept yet");
    assert_eq!(world.counts(&jobs).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_purged_queue_is_empty_and_goes_on() {
    let mut world = World::new().await;
    let jobs = world.queue("jobs", &[]).await;
    for _ in 0..3 {
        world.send(&jobs, "old").await;
    }
    let handle = world.receive(&jobs, 1).await.remove(0).handle;
    world.queues.purge(&world.caller(), &jobs).await.unwrap();
    assert_eq!(world.counts(&jobs).await, [0, 0, 0]);
    world.say(&jobs, &handle, Word::Done).await.unwrap();
    world.send(&jobs, "new").await;
    assert_eq!(world.bodies(&jobs, 10).await, ["new"]);
    world.again();
    let shelves = Shelves(world.queues.clone());
    let due = world.store.due(Shelves::TOPIC, Timestamp(i64::MAX), 10).await.unwrap();
    assert_eq!(due.len(), 1);
    shelves.work(&due[0]).await.unwrap();
    assert_eq!(world.store.list::<Message>(List::everywhere()).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn queues_are_made_once() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[("DelaySeconds", "5")]).await;
    let make = |attributes: &[(&str, &str)]| {
        let attributes = attributes_of(attributes);
        let (queues, root, jobs) = (world.queues.clone(), world.root.clone(), jobs.clone());
        async move { queues.create(&Caller::principal(&root), &jobs, &attributes, BTreeMap::new()).await }
    };
    make(&[]).await.unwrap();
    make(&[("DelaySeconds", "5")]).await.unwrap();
    assert_eq!(make(&[("DelaySeconds", "6")]).await.unwrap_err().code(), "QueueNameExists");
    world.send(&jobs, "old").await;
    world.queues.delete(&world.caller(), &jobs).await.unwrap();
    let gone = world.queues.attributes(&world.caller(), &jobs, &[]).await.unwrap_err();
    assert_eq!(gone.code(), "QueueDoesNotExist");
    make(&[("DelaySeconds", "6")]).await.unwrap();
    assert_eq!(world.counts(&jobs).await, [0, 0, 0], "it is another queue");
}

#[tokio::test]
async fn others_come_in_by_the_policy_only() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[]).await;
    let stranger = Principal::root(&"111111111111/us-east-1".parse().unwrap());
    let send = || {
        let (queues, stranger, jobs) = (world.queues.clone(), stranger.clone(), jobs.clone());
        let sending = Sending { letter: Letter::of("x"), ..Sending::default() };
        async move { queues.send(&Caller::principal(&stranger), &jobs, sending).await.map(drop) }
    };
    assert_eq!(send().await.unwrap_err().code(), "AccessDeniedException");
    let grant = Grant {
        label: "friends".to_owned(),
        accounts: vec!["111111111111".to_owned()],
        actions: vec!["SendMessage".to_owned()],
    };
    world.queues.permit(&world.caller(), &jobs, &grant).await.unwrap();
    send().await.unwrap();
    assert!(world.queues.permit(&world.caller(), &jobs, &grant).await.is_err(), "there is such a label");
    world.queues.forbid(&world.caller(), &jobs, "friends").await.unwrap();
    assert_eq!(send().await.unwrap_err().code(), "AccessDeniedException");
    let deny = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}}"#;
    world.set(&jobs, &[("Policy", deny)]).await.unwrap();
    let refused = world.queues.purge(&world.caller(), &jobs).await.unwrap_err();
    assert_eq!(refused.code(), "AccessDeniedException", "a policy keeps its owner out too");
    world.set(&jobs, &[("Policy", "")]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_share_no_message() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[]).await;
    for first in (0..2000).step_by(10) {
        let batch = (first..first + 10)
            .map(|n: usize| Sending { letter: Letter::of(n.to_string()), ..Sending::default() });
        world.queues.send_all(&world.caller(), &jobs, batch.collect()).await.unwrap();
    }
    let receivers = (0..1000).map(|_| {
        let (queues, root, jobs) = (world.queues.clone(), world.root.clone(), jobs.clone());
        let receiving = Receiving { most: Some(10), wait: Some(0), ..Receiving::default() };
        tokio::spawn(async move {
            let mut got = Vec::new();
            loop {
                let some = queues.receive(&Caller::principal(&root), &jobs, &receiving).await.unwrap();
                if some.is_empty() {
                    return got;
                }
                got.extend(some.into_iter().map(|message| message.letter.body));
            }
        })
    });
    let mut all = Vec::new();
    for receiver in receivers.collect::<Vec<_>>() {
        all.extend(receiver.await.unwrap());
    }
    assert_eq!(all.len(), 2000);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 2000);
}

#[tokio::test]
async fn who_waits_is_told() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[]).await;
    let waiting = {
        let (queues, root, jobs) = (world.queues.clone(), world.root.clone(), jobs.clone());
        let receiving = Receiving { wait: Some(20), ..Receiving::default() };
        tokio::spawn(
            async move { queues.receive(&Caller::principal(&root), &jobs, &receiving).await.unwrap() },
        )
    };
    tokio::task::yield_now().await;
    let before = std::time::Instant::now();
    world.send(&jobs, "one").await;
    assert_eq!(waiting.await.unwrap()[0].letter.body, "one");
    assert!(before.elapsed().as_secs() < 4, "a hint, and not the sweep, woke it");
}

#[tokio::test]
async fn dead_letters_go_back_to_where_they_came_from() {
    let mut world = World::new().await;
    let dead = world.queue("dead", &[]).await;
    let jobs = world.queue("jobs", &[("RedrivePolicy", REDRIVE), ("VisibilityTimeout", "0")]).await;
    let (large, mut ids) = ("x".repeat(10_000), BTreeSet::new());
    for body in ["one", &large] {
        ids.insert(world.send(&jobs, body).await.id);
    }
    while !world.bodies(&jobs, 10).await.is_empty() {}
    assert_eq!(world.counts(&dead).await, [2, 0, 0]);
    let handle = world.queues.start_move(&world.caller(), &dead, None, None).await.unwrap();
    let again = world.queues.start_move(&world.caller(), &dead, None, None).await.unwrap_err();
    assert_eq!(again.code(), "UnsupportedOperation");
    world.again();
    let due = world.store.due(Moves::TOPIC, world.queues.ground.now(), 10).await.unwrap();
    let outcome = Moves(world.queues.clone()).work(&due[0]).await.unwrap();
    let crate::work::Outcome::Finished(changes) = outcome else { panic!("it is not done") };
    world.store.commit(changes).await.unwrap();
    let moved = world.queues.moves(&world.caller(), &dead, 10).await.unwrap();
    assert_eq!((moved[0].status, moved[0].moved, moved[0].planned), (MoveStatus::Completed, 2, 2));
    let back = world.receive(&jobs, 10).await;
    assert_eq!(back.iter().map(|m| m.letter.body.as_str()).collect::<Vec<_>>(), ["one", &large]);
    assert!(back.iter().all(|message| !ids.contains(&message.id)), "they are new messages");
    assert_eq!(system(&back[0], "ApproximateReceiveCount"), Some("1"));
    let scope = dead.scope.to_string();
    let over = world.queues.cancel_move(&world.caller(), &scope, &handle).await.unwrap_err();
    assert_eq!(over.code(), "ResourceNotFoundException");
    let no_dead = world.queues.start_move(&world.caller(), &jobs, None, None).await.unwrap_err();
    assert!(no_dead.to_string().contains("Dead Letter Queue"), "{no_dead}");
}

#[tokio::test]
async fn who_goes_away_leaves_nothing_unknown() {
    let world = World::new().await;
    for name in ["jobs", "jobs.fifo"] {
        let jobs = world.queue(name, &[]).await;
        assert!(world.bodies(&jobs, 1).await.is_empty(), "it is known to be empty");
        let sending = Sending {
            letter: Letter::of("sent"),
            group: jobs.is_fifo().then(|| "g".to_owned()),
            dedup: jobs.is_fifo().then(|| "d".to_owned()),
            ..Sending::default()
        };
        let (root, queues) = (world.caller(), &world.queues);
        {
            let going = std::pin::pin!(queues.send(&root, &jobs, sending));
            tokio::select! {
                biased;
                _ = going => panic!("it was sent before it could go away"),
                () = async {} => {}
            }
        }
        let receiving = Receiving { wait: Some(20), ..Receiving::default() };
        let received = queues.receive(&root, &jobs, &receiving).await.unwrap();
        assert_eq!(received[0].letter.body, "sent");
    }
}
