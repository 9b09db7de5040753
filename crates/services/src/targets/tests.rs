//! Events on their way to real queues, and past a target that is as sick as a test wants it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_store::{Changes, Store, WorkItem};

use super::Queue;
use crate::{
    bus::{
        Bus, Delivery, DeliveryError, Entry, ErrorCode, Patience, RuleSpec, RuleTarget, Shape, Tally, Target,
    },
    ground::Ground,
    queues::{Caller, QueueName, Queues, Received, Receiving, Word},
};

/// A target for everything of `states`, named for what is wrong with it.
#[derive(Default)]
struct Sick {
    tries: AtomicUsize,
    /// It is down so often.
    down: AtomicUsize,
    /// Event ids that it got.
    got: Mutex<Vec<String>>,
    /// Most calls that it has seen at the same time.
    most: AtomicUsize,
    now: AtomicUsize,
    recovered: tokio::sync::Notify,
}

#[async_trait]
impl Target for Sick {
    fn takes(&self, arn: &Arn) -> bool {
        arn.service == "states"
    }

    fn needs_role(&self) -> bool {
        false
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DeliveryError> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let tries = self.tries.fetch_add(1, Ordering::SeqCst);
        let done = match delivery.target.resource_of("stateMachine").unwrap_or_default() {
            "gone" => Err(DeliveryError::lasting(ErrorCode::NoResource, "it is gone")),
            "failing" => Err(DeliveryError::passing(ErrorCode::ErrorFromTarget, "not today")),
            "slow" if tries < 5 => Err(DeliveryError::Enough(Duration::from_millis(20))),
            "hanging" => std::future::pending().await,
            "down" if self.down.load(Ordering::SeqCst) > tries => {
                Err(DeliveryError::passing(ErrorCode::ConnectionFailure, "refused"))
            }
            _ => Ok(()),
        };
        if done.is_ok() {
            self.got.lock().unwrap().push(delivery.event.id.clone());
            self.recovered.notify_one();
        }
        self.now.fetch_sub(1, Ordering::SeqCst);
        done
    }
}

struct World {
    bus: Bus,
    queues: Queues,
    sick: Arc<Sick>,
    clock: Arc<AtomicI64>,
    store: Store,
    stop: CancellationToken,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn scope() -> Scope {
    Scope::default_scope()
}

fn root() -> Principal {
    Principal::root(&scope())
}

fn target(arn: &str, retries: u32, letters: Option<&str>) -> RuleTarget {
    RuleTarget {
        id: "t".into(),
        arn: arn.parse().unwrap(),
        role: None,
        group: None,
        shape: Shape::Whole,
        patience: Patience { retries, seconds: 60 },
        letters: letters.map(|queue| queue.parse().unwrap()),
        http: None,
    }
}

fn machine(name: &str) -> String {
    format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}")
}

fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:us-east-1:000000000000:{name}")
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(AtomicI64::new(1_700_000_000_000));
        let hands = clock.clone();
        let store = Store::in_memory().await.unwrap();
        let now = Arc::new(move || Timestamp(hands.load(Ordering::SeqCst)));
        Self::on(Ground::with_clock(store.clone(), now), store, clock)
    }

    /// One whose clock goes by itself.
    async fn live() -> Self {
        let store = Store::in_memory().await.unwrap();
        Self::on(Ground::new(store.clone()), store, Arc::default())
    }

    fn on(ground: Ground, store: Store, clock: Arc<AtomicI64>) -> Self {
        let (queues, bus, sick) = (Queues::new(ground.clone()), Bus::new(ground), Arc::<Sick>::default());
        bus.meet(vec![sick.clone(), Arc::new(Queue(queues.clone()))], Vec::new());
        let stop = CancellationToken::new();
        let (loops, until) = (bus.clone(), stop.clone());
        tokio::spawn(async move { loops.watch(until).await });
        Self { bus, queues, sick, clock, store, stop }
    }

    async fn queue(&self, name: &str, attributes: &[(&str, String)]) -> QueueName {
        let name = QueueName { scope: scope(), name: name.to_owned() };
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.queues.create(&Caller::principal(&root()), &name, &attributes, BTreeMap::new()).await.unwrap()
    }

    /// A rule of that name for events of that source.
    async fn rule(&self, name: &str, target: RuleTarget) {
        let pattern = Some(json!({"source": [name]}).to_string());
        let spec = RuleSpec { name: name.into(), pattern, ..RuleSpec::default() };
        self.bus.put_rule(&scope(), &root(), spec).await.unwrap();
        self.bus.put_targets(&scope(), &root(), (None, name), vec![target]).await.unwrap();
    }

    async fn put(&self, source: &str, count: usize) -> Vec<String> {
        let entry = |n: usize| Entry {
            source: Some(source.into()),
            detail_type: Some("Thing".into()),
            detail: Some(json!({"n": n}).to_string()),
            ..Entry::default()
        };
        let told =
            self.bus.put_events(&root(), &scope(), (0..count).map(entry).collect(), None).await.unwrap();
        told.into_iter().map(Result::unwrap).collect()
    }

    async fn receive(&self, queue: &QueueName) -> Vec<Received> {
        let receiving = Receiving { most: Some(10), wait: Some(20), ..Receiving::default() };
        self.queues.receive(&Caller::principal(&root()), queue, &receiving).await.unwrap()
    }

    /// The first letter there, however long the pauses before it.
    async fn letter(&self, queue: &QueueName) -> Received {
        let mut found = std::pin::pin!(self.receive(queue));
        loop {
            tokio::select! {
                found = &mut found => return found.into_iter().next().expect("no letter"),
                () = self.pass() => {}
            }
        }
    }

    /// Lets the clock go on to the next attempt, if one waits.
    async fn pass(&self) {
        for topic in ["deliveries", "dead-letters"] {
            let lanes = self.store.lanes(topic).await.unwrap();
            if let Some(due) = lanes.into_iter().map(|(_, due)| due).min() {
                self.clock.fetch_max(due.millis(), Ordering::SeqCst);
                self.store.hint(topic).notify_one();
            }
        }
        tokio::task::yield_now().await;
    }

    async fn tally(&self, rule: &str) -> Tally {
        let (all, _) = self.bus.tallied(&scope(), None).await.unwrap();
        all.into_iter().find(|tallied| tallied.rule.name == rule).unwrap().tally
    }

    /// Until the tally is so.
    async fn until(&self, rule: &str, enough: impl Fn(&Tally) -> bool) -> Tally {
        let all = async {
            loop {
                let tally = self.tally(rule).await;
                if enough(&tally) {
                    return tally;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), all).await.expect("it does not come to that")
    }
}

fn attributes(letter: &Received) -> HashMap<String, String> {
    let attributes = &letter.letter.attributes;
    attributes.iter().map(|(name, value)| (name.clone(), value.string_value.clone().unwrap())).collect()
}

#[tokio::test]
async fn a_final_error_goes_to_the_dead_letters_at_once() {
    let world = World::new().await;
    let dead = world.queue("dead", &[]).await;
    world.rule("r", target(&machine("gone"), 185, Some(&queue_arn("dead")))).await;
    let told = world.put("r", 1).await;
    let letter = world.letter(&dead).await;
    let body: Value = serde_json::from_str(&letter.letter.body).unwrap();
    assert_eq!((&body["id"], &body["detail"]), (&json!(told[0]), &json!({"n": 0})));
    let expect = [
        ("RULE_ARN", "arn:aws:events:us-east-1:000000000000:rule/r"),
        ("TARGET_ARN", &machine("gone")),
        ("ERROR_CODE", "NO_RESOURCE"),
        ("ERROR_MESSAGE", "it is gone"),
        ("RETRY_ATTEMPTS", "0"),
    ];
    let expect = expect.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(attributes(&letter), HashMap::from(expect));
    let tally = world.until("r", |tally| tally.buried == 1).await;
    assert_eq!(tally, Tally { matched: 1, failed: 1, buried: 1, ..Tally::default() });
}

/// A delivery that an older server has left: what can be said of it is in the letter.
#[tokio::test]
async fn what_cannot_be_read_goes_to_the_dead_letters() {
    let world = World::new().await;
    let dead = world.queue("dead", &[]).await;
    world.rule("r", target(&machine("any"), 1, None)).await;
    let deep = format!("{}{}", "[".repeat(130), "]".repeat(130));
    let (rule, target) = ("arn:aws:events:us-east-1:000000000000:rule/r", machine("any"));
    let parcel = json!({
        "delivery": {
            "id": "d", "scope": scope(), "rule": rule, "target": target, "role": null,
            "event": {
                "id": "e", "scope": scope(), "time": 1000, "source": "app", "detail_type": "Thing", "detail": "deep",
            },
        },
        "patience": {"retries": 1, "seconds": 60}, "letters": queue_arn("dead"), "since": 0, "attempts": 0,
    });
    let mut changes = Changes::new();
    let body = parcel.to_string().replace("\"deep\"", &deep);
    changes.schedule(WorkItem::now("deliveries", "d", body).in_lane(target));
    world.store.commit(changes).await.unwrap();
    let letter = world.letter(&dead).await;
    let body: Value = serde_json::from_str(&letter.letter.body).unwrap();
    assert_eq!((&body["id"], &body["source"], &body["detail"]), (&json!("e"), &json!("app"), &Value::Null));
    let attributes = attributes(&letter);
    assert_eq!(
        (attributes["ERROR_CODE"].as_str(), attributes["RULE_ARN"].as_str()),
        ("INTERNAL_ERROR", rule)
    );
    assert!(attributes["ERROR_MESSAGE"].contains("cannot be read"), "{attributes:?}");
    world.until("r", |tally| tally.failed == 1 && tally.buried == 1).await;
}

#[tokio::test]
async fn what_fails_again_and_again_is_tried_as_often_as_the_rule_says() {
    for (retries, condition) in [(3, "MaximumRetryAttempts"), (185, "MaximumEventAgeInSeconds")] {
        let world = World::new().await;
        let dead = world.queue("dead", &[]).await;
        world.rule("r", target(&machine("failing"), retries, Some(&queue_arn("dead")))).await;
        world.put("r", 1).await;
        let attributes = attributes(&world.letter(&dead).await);
        assert_eq!(attributes["EXHAUSTED_RETRY_CONDITION"], condition);
        let tries = world.sick.tries.load(Ordering::SeqCst);
        assert_eq!(attributes["RETRY_ATTEMPTS"], (tries - 1).to_string());
        assert!(if retries == 3 { tries == 4 } else { (6..20).contains(&tries) }, "{tries} tries");
    }
}

#[tokio::test]
async fn a_queue_that_is_not_open_to_events_gets_no_letters() {
    let world = World::new().await;
    let deny = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": queue_arn("dead"),
    }]});
    world.queue("dead", &[("Policy", deny.to_string())]).await;
    world.rule("r", target(&machine("gone"), 0, Some(&queue_arn("dead")))).await;
    world.put("r", 1).await;
    let tally = world.until("r", |tally| tally.unburied == 1).await;
    assert_eq!(tally.buried, 0);
}

#[tokio::test]
async fn a_queue_that_cannot_have_dead_letters_is_refused() {
    let world = World::new().await;
    world.rule("r", target(&machine("any"), 0, None)).await;
    let refused = async |queue: &str| {
        let target = target(&machine("any"), 0, Some(queue));
        world.bus.put_targets(&scope(), &root(), (None, "r"), vec![target]).await.unwrap_err().to_string()
    };
    assert!(refused(&queue_arn("q.fifo")).await.contains("standard queue"));
    assert!(refused(&queue_arn("q").replace("us-east-1", "eu-west-1")).await.contains("same Region"));
    assert!(refused(&machine("m")).await.contains("not the ARN of an SQS queue"));
    let impatient =
        RuleTarget { patience: Patience { retries: 186, seconds: 60 }, ..target(&machine("m"), 0, None) };
    let refused = world.bus.put_targets(&scope(), &root(), (None, "r"), vec![impatient]).await;
    assert!(refused.unwrap_err().to_string().contains("less than or equal to 185"));
}

/// More events than there are hands for all targets together wait for one that does not answer.
#[tokio::test]
async fn a_target_that_hangs_keeps_no_other_waiting() {
    let world = World::live().await;
    let well = world.queue("well", &[]).await;
    world.rule("hanging", target(&machine("hanging"), 0, None)).await;
    world.rule("well", target(&queue_arn("well"), 0, None)).await;
    for _ in 0..40 {
        world.put("hanging", 10).await;
    }
    let told = world.put("well", 3).await;
    let mut got = BTreeSet::new();
    while got.len() < 3 {
        for message in world.receive(&well).await {
            let body: Value = serde_json::from_str(&message.letter.body).unwrap();
            got.insert(body["id"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(got, told.into_iter().collect());
    assert!(world.sick.most.load(Ordering::SeqCst) <= 32, "what waits is in the store");
}

#[tokio::test]
async fn waiting_for_its_turn_is_no_attempt() {
    let world = World::live().await;
    world.rule("r", target(&machine("slow"), 0, None)).await;
    world.put("r", 10).await;
    let tally = world.until("r", |tally| tally.invoked == 10).await;
    assert_eq!((tally.failed, tally.retried, tally.throttled), (0, 0, 5));
}

/// Down for a while with ten thousand events: all arrive, and meanwhile few are tried and few are in memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_was_down_gets_all_that_waited() {
    const COUNT: usize = 10_000;
    let world = World::live().await;
    world.rule("r", target(&machine("down"), 185, None)).await;
    world.sick.down.store(usize::MAX, Ordering::SeqCst);
    let told = futures::future::join_all((0..COUNT / 10).map(|_| world.put("r", 10))).await;
    world.until("r", |tally| tally.retried >= 10).await;
    let tried = world.sick.tries.load(Ordering::SeqCst);
    assert!(tried < COUNT / 2, "{tried} attempts at a target that is down");
    world.sick.down.store(0, Ordering::SeqCst);
    world.until("r", |tally| tally.invoked == COUNT as u64).await;
    let got = world.sick.got.lock().unwrap().clone();
    assert_eq!(got.len(), COUNT);
    let told: BTreeSet<_> = told.into_iter().flatten().collect();
    assert_eq!(got.into_iter().collect::<BTreeSet<_>>(), told);
    assert!(world.sick.most.load(Ordering::SeqCst) <= 32);
}

/// The message is sent in the commit that takes the delivery away: a crash between them cannot send it twice.
#[tokio::test]
async fn each_event_is_one_message() {
    let world = World::live().await;
    let queue = world.queue("q", &[]).await;
    world.rule("r", target(&queue_arn("q"), 0, None)).await;
    let told: Vec<_> = futures::future::join_all((0..30).map(|_| world.put("r", 10))).await;
    let mut got = Vec::new();
    while got.len() < 300 {
        let messages = world.receive(&queue).await;
        let words: Vec<_> = messages.iter().map(|message| (message.handle.clone(), Word::Done)).collect();
        world.queues.settle(&Caller::principal(&root()), &queue, &words).await.unwrap();
        got.extend(messages.into_iter().map(|message| {
            let body: Value = serde_json::from_str(&message.letter.body).unwrap();
            body["id"].as_str().unwrap().to_owned()
        }));
    }
    assert_eq!(got.iter().cloned().collect::<BTreeSet<_>>(), told.into_iter().flatten().collect());
    assert_eq!(got.len(), 300);
    assert!(world.store.lanes("deliveries").await.unwrap().is_empty());
    assert_eq!(world.tally("r").await, Tally { matched: 300, invoked: 300, ..Tally::default() });
}

#[tokio::test]
async fn tallies_outlive_the_server_and_go_with_their_rule() {
    let world = World::live().await;
    world.rule("r", target(&machine("any"), 0, None)).await;
    world.put("r", 7).await;
    let before = world.until("r", |tally| tally.invoked == 7).await;
    world.stop.cancel();
    // The last word of the loops.
    while world.bus.kept_tallies().await == 0 {
        tokio::task::yield_now().await;
    }
    let again = World::on(Ground::new(world.store.clone()), world.store.clone(), Arc::default());
    assert_eq!(again.until("r", |tally| tally.matched > 0).await, before);
    again.bus.remove_targets(&scope(), &root(), (None, "r"), (&["t".to_owned()], false)).await.unwrap();
    again.put("r", 1).await;
    again.bus.delete_rule(&scope(), &root(), (None, "r"), false).await.unwrap();
    again.stop.cancel();
    while again.bus.kept_tallies().await > 0 {
        tokio::task::yield_now().await;
    }
}
