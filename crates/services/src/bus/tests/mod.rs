mod again;
mod put;
mod watch;

use std::{
    sync::{Mutex, atomic::AtomicI64, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use trainyard_domain::{Principal, Scope, Timestamp};
use trainyard_store::Store;

use super::*;
use crate::{
    identity::{Identity, NewRole},
    refusal::Refusal,
};

/// A real target of this test's own: it takes state machines and keeps what it got.
#[derive(Default)]
pub(in crate::bus) struct Shelf {
    pub(in crate::bus) got: Mutex<Vec<Delivery>>,
    refuse_first: Mutex<u32>,
    arrived: tokio::sync::Notify,
}

#[async_trait]
impl Target for Shelf {
    fn takes(&self, arn: &Arn) -> bool {
        arn.service == "states"
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DeliveryError> {
        let mut refuse = self.refuse_first.lock().unwrap();
        if *refuse > 0 {
            *refuse -= 1;
            return Err(DeliveryError::passing(ErrorCode::InternalError, "not now"));
        }
        self.got.lock().unwrap().push(delivery.clone());
        self.arrived.notify_one();
        Ok(())
    }
}

struct Ear(tokio::sync::mpsc::UnboundedSender<Event>);

#[async_trait]
impl Listener for Ear {
    fn name(&self) -> &'static str {
        "ear"
    }

    fn wants(&self, event: &Event) -> bool {
        event.source == "app"
    }

    async fn hear(&self, event: &Event) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0.send(event.clone())?)
    }
}

pub(in crate::bus) struct World {
    pub(in crate::bus) bus: Bus,
    pub(in crate::bus) shelf: Arc<Shelf>,
    ear: tokio::sync::mpsc::UnboundedReceiver<Event>,
    pub(in crate::bus) clock: Arc<AtomicI64>,
    stop: CancellationToken,
}

pub(in crate::bus) async fn world() -> World {
    let clock = Arc::new(AtomicI64::new(1_700_000_000_000));
    let hands = clock.clone();
    let now = Arc::new(move || Timestamp(hands.load(Ordering::SeqCst)));
    let ground = Ground::with_clock(Store::in_memory().await.unwrap(), now);
    let bus = Bus::new(ground);
    let shelf = Arc::new(Shelf::default());
    let (send, ear) = tokio::sync::mpsc::unbounded_channel();
    bus.meet(vec![shelf.clone()], vec![Arc::new(Ear(send))]);
    let stop = CancellationToken::new();
    let (loops, until) = (bus.clone(), stop.clone());
    tokio::spawn(async move { loops.watch(until).await });
    World { bus, shelf, ear, clock, stop }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(in crate::bus) fn scope() -> Scope {
    Scope::default_scope()
}

pub(in crate::bus) fn root() -> Principal {
    Principal::root(&scope())
}

pub(in crate::bus) fn target(id: &str, shape: Shape) -> RuleTarget {
    RuleTarget {
        group: None,
        id: id.into(),
        arn: "arn:aws:states:us-east-1:000000000000:stateMachine:train".parse().unwrap(),
        role: Some("arn:aws:iam::000000000000:role/events".parse().unwrap()),
        shape,
        patience: Patience::default(),
        letters: None,
        http: None,
    }
}

pub(in crate::bus) fn entry(detail: &str) -> Entry {
    Entry {
        source: Some("app".into()),
        detail_type: Some("Thing".into()),
        detail: Some(detail.into()),
        ..Entry::default()
    }
}

impl World {
    pub(in crate::bus) async fn rule(&self, pattern: &Value) {
        let pattern = Some(pattern.to_string());
        let spec = RuleSpec { name: "r".into(), pattern, ..RuleSpec::default() };
        self.bus.put_rule(&scope(), &root(), spec).await.unwrap();
    }

    pub(in crate::bus) async fn targets(&self, targets: Vec<RuleTarget>) {
        self.bus.put_targets(&scope(), &root(), (None, "r"), targets).await.unwrap();
    }

    pub(in crate::bus) async fn arrived(&self, count: usize) -> Vec<Delivery> {
        let enough = async {
            loop {
                let arrived = self.shelf.arrived.notified();
                if self.shelf.got.lock().unwrap().len() >= count {
                    break;
                }
                arrived.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), enough).await.expect("nothing arrived");
        self.shelf.got.lock().unwrap().clone()
    }
}

impl World {
    /// How often the rule `r` was matched, when that is so often at least.
    pub(in crate::bus) async fn matched(&self, least: u64) -> u64 {
        let soon = async {
            loop {
                let Tally { matched, .. } = self.tally().await;
                if matched >= least {
                    return matched;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), soon).await.expect("it is not matched so often")
    }

    /// The tally of the rule `r`.
    pub(in crate::bus) async fn tally(&self) -> Tally {
        let (all, _) = self.bus.tallied(&scope(), None).await.unwrap();
        all.into_iter().find(|tallied| tallied.rule.name == "r").unwrap().tally
    }

    /// What the default bus remembers, the latest first.
    pub(in crate::bus) async fn remembered(&self) -> Vec<Recent> {
        self.bus.recent(&scope(), None, (None, 1000), None).await.unwrap().0
    }

    /// Until nothing waits to be matched or delivered.
    pub(in crate::bus) async fn quiet(&self) {
        let soon = async {
            for topic in [EVENTS, "deliveries"] {
                while !self.bus.ground.store.lanes(topic).await.unwrap().is_empty() {
                    tokio::task::yield_now().await;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), soon).await.expect("it is never quiet");
    }
}

#[tokio::test]
async fn an_event_reaches_the_targets_of_the_rules_that_match() {
    let mut world = world().await;
    world.rule(&json!({"source": ["app"], "detail": {"n": [1]}})).await;
    let part = Shape::Part("$.detail".into());
    world.targets(vec![target("all", Shape::Whole), target("part", part)]).await;
    let told =
        world.bus.put_events(&root(), &scope(), vec![entry(r#"{"n":2}"#), entry(r#"{"n":1}"#)], None).await;
    let told = told.unwrap();
    let got = world.arrived(2).await;
    assert!(got.iter().all(|d| Some(&d.event.id) == told[1].as_ref().ok()));
    assert_ne!(got[0].id, got[1].id);
    let part = got.iter().find(|d| *d.input() == json!({"n": 1}));
    assert!(part.is_some(), "{got:?}");
    assert!(world.ear.recv().await.is_some() && world.ear.recv().await.is_some());
}

#[tokio::test]
async fn a_rule_counts_from_its_change_on() {
    let world = world().await;
    world.rule(&json!({"source": ["other"]})).await;
    world.targets(vec![target("t", Shape::Whole)]).await;
    world.bus.put_events(&root(), &scope(), vec![entry("{}")], None).await.unwrap();
    world.rule(&json!({"source": ["app"], "detail": {"n": [{"exists": true}]}})).await;
    world.bus.put_events(&root(), &scope(), vec![entry(r#"{"n":1}"#)], None).await.unwrap();
    assert_eq!(world.arrived(1).await[0].event.detail, json!({"n": 1}));
    world.bus.enable_rule(&scope(), &root(), (None, "r"), false).await.unwrap();
    world.bus.put_events(&root(), &scope(), vec![entry(r#"{"n":2}"#)], None).await.unwrap();
    world.bus.enable_rule(&scope(), &root(), (None, "r"), true).await.unwrap();
    let described = world.bus.describe_rule(&scope(), None, "r").await.unwrap();
    assert!(described.enabled && described.targets.len() == 1);
}

/// Who made a rule and goes away before the answer has made it all the same.
#[tokio::test]
async fn a_rule_counts_also_when_its_maker_goes_away_at_the_commit() {
    let world = world().await;
    world.rule(&json!({"source": ["app"]})).await;
    world.targets(vec![target("t", Shape::Whole)]).await;
    // From here on the rules of the bus are known.
    world.bus.put_events(&root(), &scope(), vec![entry("{}")], None).await.unwrap();
    world.arrived(1).await;
    let there = async |name: &str| world.bus.describe_rule(&scope(), None, name).await.is_ok();
    let mut cut_off = 0;
    for n in 0..20 {
        let name = format!("r{n}");
        let pattern = Some(json!({"source": ["app"]}).to_string());
        let spec = RuleSpec { name: name.clone(), pattern, ..RuleSpec::default() };
        {
            let (scope, root) = (scope(), root());
            let mut putting = Box::pin(world.bus.put_rule(&scope, &root, spec));
            while futures::poll!(putting.as_mut()).is_pending() {
                if there(&name).await {
                    cut_off += 1;
                    break;
                }
            }
        }
        let place = (scope(), "default".to_owned());
        let known = async || {
            let rules = world.bus.rulebook.rules(&world.bus.ground.store, &place).await.unwrap();
            let event = r#"{"source": "app"}"#;
            world.bus.rulebook.matching(&rules, event).iter().any(|rule| rule.name == name)
        };
        let soon = async {
            while !known().await {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), soon).await.expect("the rule is not known");
    }
    assert!(cut_off > 0, "nobody went away at the commit");
}

#[tokio::test]
async fn what_is_not_delivered_is_tried_again() {
    let world = world().await;
    *world.shelf.refuse_first.lock().unwrap() = 1;
    world.rule(&json!({"source": ["app"]})).await;
    world.targets(vec![target("t", Shape::Whole)]).await;
    world.bus.put_events(&root(), &scope(), vec![entry("{}")], None).await.unwrap();
    // The pause between two attempts passes.
    let parcel = async {
        loop {
            world.clock.fetch_add(1000, Ordering::SeqCst);
            tokio::task::yield_now().await;
            let now = world.bus.ground.now();
            let lanes = world.bus.ground.store.lanes("deliveries").await.unwrap();
            if let Some((_, due)) = lanes.first().filter(|(_, due)| *due > now) {
                world.clock.store(due.millis(), Ordering::SeqCst);
                world.bus.ground.store.hint("deliveries").notify_one();
            }
            if !world.shelf.got.lock().unwrap().is_empty() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), parcel).await.expect("never delivered");
    assert_eq!(world.arrived(1).await.len(), 1);
}

#[tokio::test]
async fn a_schedule_tells_its_own_targets() {
    let world = world().await;
    let schedule = Some("rate(5 minutes)".to_owned());
    let spec = RuleSpec { name: "r".into(), schedule, ..RuleSpec::default() };
    let arn = world.bus.put_rule(&scope(), &root(), spec).await.unwrap();
    world.targets(vec![target("t", Shape::Whole)]).await;
    // Three times are missed: one is told.
    world.clock.fetch_add(16 * 60_000, Ordering::SeqCst);
    world.bus.ground.store.hint("schedules").notify_one();
    let got = world.arrived(1).await;
    assert_eq!(got[0].event.detail_type, "Scheduled Event");
    assert_eq!(got[0].event.resources, [arn.to_string()]);
    let now = world.bus.ground.now();
    let store = &world.bus.ground.store;
    while !store.due("schedules", now, 1).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let next = store.next_due("schedules", now).await.unwrap().unwrap();
    assert!(next > now && next <= now.plus(Duration::from_secs(300)));
    assert_eq!(world.shelf.got.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn entries_are_refused_one_by_one() {
    let world = world().await;
    let none = Entry { source: None, ..entry("{}") };
    let aws = Entry { source: Some("aws.s3".into()), ..entry("{}") };
    let bus = Entry { bus: Some("nowhere".into()), ..entry("{}") };
    let told = world
        .bus
        .put_events(&root(), &scope(), vec![none, aws, entry("[1"), bus, entry("{}")], None)
        .await
        .unwrap();
    let codes: Vec<_> = told.iter().map(|t| t.as_ref().map_or_else(|r| r.code, |_| "ok")).collect();
    let expect = ["InvalidArgument", "NotAuthorizedForSourceException", "MalformedDetail", "ok", "ok"];
    assert_eq!(codes, expect);
    let large = entry(&json!({"x": "y".repeat(256 * 1024)}).to_string());
    assert_eq!(
        world.bus.put_events(&root(), &scope(), vec![large], None).await.unwrap_err().code(),
        "ValidationException"
    );
}

/// A push, an approval or the end of a task that never was starts nothing.
#[tokio::test]
async fn nobody_speaks_for_the_house() {
    let world = world().await;
    let of = |source: &str| Entry { source: Some(source.into()), ..entry("{}") };
    let sources = ["trainyard", "trainyard.builds", "aws.ecr", "trainyards", "my.trainyard"];
    let told = world.bus.put_events(&root(), &scope(), sources.map(of).into(), None).await.unwrap();
    let codes: Vec<_> = told.iter().map(|t| t.as_ref().map_or_else(|r| r.code, |_| "ok")).collect();
    let refused = "NotAuthorizedForSourceException";
    assert_eq!(codes, [refused, refused, refused, "ok", "ok"]);
}

#[tokio::test]
async fn rules_are_refused_in_awss_words() {
    let world = world().await;
    let put = async |spec: RuleSpec| {
        let spec = RuleSpec { name: "r".into(), ..spec };
        let error = world.bus.put_rule(&scope(), &root(), spec).await.unwrap_err();
        (error.code(), error.to_string())
    };
    let (code, words) = put(RuleSpec::default()).await;
    assert_eq!(
        (code, words.as_str()),
        ("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
    );
    let (code, words) = put(RuleSpec { pattern: Some("{".into()), ..RuleSpec::default() }).await;
    assert_eq!(code, "InvalidEventPatternException");
    assert!(words.starts_with("Event pattern is not valid. Reason: "), "{words}");
    let bus = Some("nowhere".to_owned());
    let (code, words) =
        put(RuleSpec { bus, pattern: Some("{\"source\":[\"a\"]}".into()), ..RuleSpec::default() }).await;
    assert_eq!((code, words.as_str()), ("ResourceNotFoundException", "Event bus nowhere does not exist."));
    let error = world.bus.describe_rule(&scope(), None, "none").await.unwrap_err();
    assert_eq!(error.to_string(), "Rule none does not exist on EventBus default.");
}

#[tokio::test]
async fn targets_are_checked_and_keep_a_rule() {
    let world = world().await;
    world.rule(&json!({"source": ["app"]})).await;
    let refused = async |target: RuleTarget| {
        world.bus.put_targets(&scope(), &root(), (None, "r"), vec![target]).await.unwrap_err().to_string()
    };
    let unknown = "arn:aws:sqs:us-east-1:000000000000:q".parse().unwrap();
    assert!(refused(RuleTarget { arn: unknown, ..target("t", Shape::Whole) }).await.contains("arn:aws:sqs"));
    let without_role = RuleTarget { role: None, ..target("t", Shape::Whole) };
    assert!(refused(without_role).await.starts_with("RoleArn is required for target"));
    assert!(
        refused(target("t", Shape::Constant("{".into())))
            .await
            .starts_with("JSON syntax error in input for target t")
    );
    world.targets(vec![target("t", Shape::Whole)]).await;
    let kept = world.bus.delete_rule(&scope(), &root(), (None, "r"), false).await.unwrap_err();
    assert_eq!(kept.to_string(), "Rule can't be deleted since it has targets.");
    let ids = ["t".to_owned(), "u".to_owned()];
    assert_eq!(world.bus.remove_targets(&scope(), &root(), (None, "r"), (&ids, false)).await.unwrap(), ["u"]);
    world.bus.delete_rule(&scope(), &root(), (None, "r"), false).await.unwrap();
    world.bus.delete_rule(&scope(), &root(), (None, "r"), false).await.unwrap();
}

/// What roles another account has, and whom they trust, is not to be found out.
#[tokio::test]
async fn a_role_of_another_account_is_refused_before_it_is_looked_at() {
    let world = world().await;
    world.rule(&json!({"source": ["app"]})).await;
    let closed = NewRole {
        name: "closed".into(),
        path: None,
        trust_policy: json!({"Version": "2012-10-17", "Statement": []}).to_string(),
        description: None,
        max_session_seconds: None,
        tags: Vec::new(),
    };
    let identity = Identity::open(world.bus.ground.clone()).await.unwrap();
    identity.create_role(&"111111111111".parse().unwrap(), closed).await.unwrap();
    for name in ["closed", "none"] {
        let role = Some(format!("arn:aws:iam::111111111111:role/{name}").parse().unwrap());
        let target = RuleTarget { role, ..target("t", Shape::Whole) };
        let refused = world.bus.put_targets(&scope(), &root(), (None, "r"), vec![target]).await.unwrap_err();
        assert_eq!(refused.to_string(), "Cross-account pass role is not allowed.");
    }
}

#[tokio::test]
async fn buses_come_and_go() {
    let world = world().await;
    let bus = EventBus::new(&scope(), "team");
    world.bus.create_bus(&root(), bus.clone()).await.unwrap();
    assert_eq!(
        world.bus.create_bus(&root(), bus).await.unwrap_err().code(),
        "ResourceAlreadyExistsException"
    );
    let (all, _) = world.bus.list_buses(&scope(), "", 10, None).await.unwrap();
    assert_eq!(all.iter().map(|b| b.name.as_str()).collect::<Vec<_>>(), ["default", "team"]);
    let pattern = Some("{\"source\":[\"a\"]}".to_owned());
    let spec = RuleSpec { name: "r".into(), bus: Some("team".into()), pattern, ..RuleSpec::default() };
    let arn = world.bus.put_rule(&scope(), &root(), spec).await.unwrap();
    assert_eq!(arn.to_string(), "arn:aws:events:us-east-1:000000000000:rule/team/r");
    assert!(world.bus.delete_bus(&scope(), &root(), "team").await.is_err());
    let arn = "arn:aws:events:us-east-1:000000000000:event-bus/team";
    world.bus.delete_rule(&scope(), &root(), (Some(arn), "r"), false).await.unwrap();
    world.bus.delete_bus(&scope(), &root(), "team").await.unwrap();
}
