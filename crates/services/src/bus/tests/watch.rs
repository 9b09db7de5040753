//! The loops, and what they do with what does not go well.

use trainyard_domain::event::Way;
use trainyard_store::{Expect, Keys, Noun};

use super::*;
use crate::{
    audit::{self, Act, Outcome},
    bus::{permissions::Statement, recent, watch::Matcher},
    work::Worker,
};

fn event(id: &str) -> Event {
    Event {
        id: id.into(),
        scope: scope(),
        bus: "default".into(),
        time: Timestamp(1000),
        source: "app".into(),
        detail_type: "Thing".into(),
        resources: Vec::new(),
        detail: json!({}),
        way: Way::default(),
    }
}

async fn given_up(world: &World, scope: &Scope) -> Vec<Act> {
    let all = (Timestamp(0), Timestamp(i64::MAX));
    let acts = audit::list(&world.bus.ground.store, &scope.account, all, None).await.unwrap().0;
    acts.into_iter().filter(|act| matches!(act.outcome, Outcome::GivenUp(_))).collect()
}

/// The audit record of things given up, when there is one.
async fn one_given_up(world: &World, scope: &Scope) -> Act {
    let soon = async {
        loop {
            if let Some(act) = given_up(world, scope).await.pop() {
                return act;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), soon).await.expect("nothing is given up")
}

#[tokio::test]
async fn what_cannot_be_committed_is_not_shown() {
    let bus = Bus::new(Ground::new(Store::in_memory().await.unwrap()));
    let mut live = bus.memory.live.subscribe();
    // No store takes such a name: the commit is refused.
    let refused = Event { bus: "a\0b".into(), ..event("e") };
    bus.matched(Arc::new(refused.clone())).await.unwrap();
    let item = WorkItem::now(EVENTS, "e", serde_json::to_string(&refused).unwrap());
    assert!(Matcher(bus.clone()).work(&item).await.is_err());
    assert!(live.try_recv().is_err());
    // When it is shown, it is on disk, and no longer in the outbox.
    let mut changes = Changes::new();
    tell(&mut changes, &event("f")).unwrap();
    bus.ground.store.commit(changes).await.unwrap();
    let item = bus.ground.store.due(EVENTS, bus.ground.now(), 1).await.unwrap().remove(0);
    let outcome = Matcher(bus.clone()).work(&item).await.unwrap();
    assert!(matches!(outcome, crate::work::Outcome::Settled));
    assert_eq!(live.try_recv().unwrap().event.id, "f");
    assert!(bus.ground.store.due(EVENTS, bus.ground.now(), 1).await.unwrap().is_empty());
    assert_eq!(bus.recent(&scope(), None, (None, 10), None).await.unwrap().0.len(), 1);
}

#[tokio::test]
async fn the_last_time_of_a_schedule_is_told() {
    let world = world().await;
    let schedule = Some("cron(0 0 1 1 ? 2024)".to_owned());
    let spec = RuleSpec { name: "r".into(), schedule, ..RuleSpec::default() };
    world.bus.put_rule(&scope(), &root(), spec).await.unwrap();
    world.targets(vec![target("t", Shape::Whole)]).await;
    let new_year = Timestamp(1_704_067_200_000);
    world.clock.store(new_year.millis(), Ordering::SeqCst);
    world.bus.ground.store.hint("schedules").notify_one();
    let got = world.arrived(1).await;
    assert_eq!((got[0].event.detail_type.as_str(), got[0].event.time), ("Scheduled Event", new_year));
    world.quiet().await;
    assert!(world.bus.ground.store.lanes("schedules").await.unwrap().is_empty());
}

/// Whoever has told the event: what did not come of a rule is for the rule's owner to know.
#[tokio::test]
async fn what_is_given_up_is_in_the_record_of_the_rules_account() {
    let world = world().await;
    world.rule(&json!({"source": ["app"]})).await;
    let paths = vec![("list".to_owned(), "$.detail.list".to_owned())];
    let breaks = Shape::Template { paths, template: r#"{"s": "<list>"}"#.into() };
    world.targets(vec![target("t", breaks)]).await;
    let all = Statement {
        id: Some("all".into()),
        action: Some("events:PutEvents".into()),
        principal: Some("*".into()),
        condition: None,
    };
    world.bus.permit(&scope(), &root(), None, Permission::Statement(all)).await.unwrap();
    let theirs: Scope = "111111111111/us-east-1".parse().unwrap();
    let bus = Some("arn:aws:events:us-east-1:000000000000:event-bus/default".to_owned());
    let told = Entry { bus, ..entry(r#"{"list":[1]}"#) };
    world.bus.put_events(&Principal::root(&theirs), &theirs, vec![told], None).await.unwrap()[0]
        .clone()
        .unwrap();
    let act = one_given_up(&world, &scope()).await;
    assert_eq!(act.resource, "arn:aws:states:us-east-1:000000000000:stateMachine:train");
    assert!(given_up(&world, &theirs).await.is_empty());
}

/// Work that an older server, or a damaged disk, has left.
#[tokio::test]
async fn what_cannot_be_read_is_in_the_record() {
    let deep = format!("{}{}", "[".repeat(130), "]".repeat(130));
    let told =
        serde_json::to_string(&event("e")).unwrap().replace("\"detail\":{}", &format!("\"detail\":{deep}"));
    assert!(serde_json::from_str::<Event>(&told).is_err());
    let target = target("t", Shape::Whole).arn;
    let rule = rule_arn(&scope(), "default", "r");
    let parcel = format!(
        r#"{{"delivery":{{"id":"d","scope":"{}","rule":"{rule}","target":"{target}","role":null,"event":{told}}},"patience":{{"retries":1,"seconds":60}},"since":0,"attempts":0}}"#,
        scope()
    );
    let news = format!(r#"{{"listener":"ear","event":{told}}}"#);
    let lane = target.to_string();
    let cases = [
        (EVENTS, "", told.as_str()),
        ("deliveries", &lane, &parcel),
        ("deliveries", &lane, "{"),
        ("news", "ear", &news),
    ];
    for (topic, lane, body) in cases {
        let world = world().await;
        let mut changes = Changes::new();
        changes.schedule(WorkItem::now(topic, "e", body).in_lane(lane));
        world.bus.ground.store.commit(changes).await.unwrap();
        let act = one_given_up(&world, &scope()).await;
        let Outcome::GivenUp(why) = &act.outcome else { panic!("it was done") };
        assert!(why.contains("cannot be read"), "{why}");
        assert!(world.bus.ground.store.lanes(topic).await.unwrap().is_empty());
    }
}

/// The delivery is over in the commit that tells the event on the other bus: a crash tells no second one.
#[tokio::test]
async fn an_event_goes_to_another_bus_in_the_commit_that_ends_its_delivery() {
    let bus = Bus::new(Ground::new(Store::in_memory().await.unwrap()));
    bus.create_bus(&root(), EventBus::new(&scope(), "team")).await.unwrap();
    let delivery = |id: &str, to: &str, event| Delivery {
        id: id.into(),
        scope: scope(),
        rule: rule_arn(&scope(), "default", "r"),
        target: Arn::new("events", &scope(), format!("event-bus/{to}")),
        role: None,
        group: None,
        event,
        input: None,
        http: None,
    };
    let forwarded = Event { way: Way { forwarded: true, ..Way::default() }, ..event("b") };
    let (one, further, none) = (
        delivery("1", "team", event("a")),
        delivery("2", "team", forwarded),
        delivery("3", "none", event("c")),
    );
    let done = |id: &str| {
        let mut done = Changes::new();
        done.schedule(WorkItem::now("done", id, ""));
        done
    };
    let came = bus.forward(vec![(&one, done("1")), (&further, done("2")), (&none, done("3"))]).await;
    let left: Vec<_> = came.iter().map(|came| came.as_ref().map(Changes::is_empty).ok()).collect();
    assert_eq!(left, [Some(true), Some(false), None], "what is left to be committed");
    let ids = async |topic| {
        let due = bus.ground.store.due(topic, bus.ground.now(), 10).await.unwrap();
        due.into_iter().map(|item| item.id).collect::<Vec<_>>()
    };
    assert_eq!((ids("done").await, ids(EVENTS).await.len()), (vec!["1".to_owned()], 1));
}

/// Nothing is remembered of a bus that is no more.
#[tokio::test]
async fn a_bus_takes_its_last_events_with_it() {
    let world = world().await;
    world.bus.create_bus(&root(), EventBus::new(&scope(), "team")).await.unwrap();
    let told = Entry { bus: Some("team".into()), ..entry("{}") };
    world.bus.put_events(&root(), &scope(), vec![told.clone(), told], None).await.unwrap();
    let store = &world.bus.ground.store;
    let place = recent::place(&scope(), "team");
    let kept = async || store.trail(&recent::trail(&place), 0, 10).await.unwrap().records.len();
    assert_eq!(kept().await, 2);
    world.bus.delete_bus(&scope(), &root(), "team").await.unwrap();
    assert_eq!(kept().await, 0);
    // One that was being matched at that moment.
    let late = Recent {
        number: 7,
        at: Timestamp(0),
        event: Arc::new(Event { bus: "team".into(), ..event("late") }),
    };
    let mut changes = Changes::new();
    changes.leave(&recent::trail(&place), &late).unwrap();
    store.commit(changes).await.unwrap();
    world.bus.forget_once(&mut std::collections::HashMap::new()).await.unwrap();
    assert_eq!(kept().await, 0);
}

/// An event as it was remembered before there were trails.
#[derive(serde::Serialize, serde::Deserialize)]
struct Earlier(String);

impl Noun for Earlier {
    const KIND: &'static str = "recent-event";

    fn scope(&self) -> String {
        recent::place(&scope(), "default")
    }

    fn id(&self) -> String {
        self.0.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

#[tokio::test]
async fn what_was_remembered_in_an_earlier_form_goes() {
    let world = world().await;
    let store = &world.bus.ground.store;
    let mut changes = Changes::new();
    for number in 1_u64..4 {
        changes.put(&Earlier(format!("{number:020}")), Expect::Absent).unwrap();
    }
    store.commit(changes).await.unwrap();
    world.bus.put_events(&root(), &scope(), vec![entry("{}")], None).await.unwrap();
    world.bus.forget_earlier().await.unwrap();
    assert_eq!(store.scopes::<Earlier>().await.unwrap(), Vec::<String>::new());
    assert_eq!(world.remembered().await.len(), 1);
}

/// Together where that can be; otherwise each by itself, so that one harms no other.
#[tokio::test]
async fn events_that_wait_are_matched_in_one_commit() {
    let bus = Bus::new(Ground::new(Store::in_memory().await.unwrap()));
    let store = &bus.ground.store;
    let told = async |ids: &[&str]| {
        let mut changes = Changes::new();
        ids.iter().for_each(|id| tell(&mut changes, &event(id)).unwrap());
        store.commit(changes).await.unwrap();
        store.due(EVENTS, bus.ground.now(), 10).await.unwrap()
    };
    let items = told(&["a", "b", "c"]).await;
    let before = store.stats().commits;
    let outcomes = Matcher(bus.clone()).work_together(&items).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(crate::work::Outcome::Settled))));
    assert_eq!(store.stats().commits - before, 1);
    let mut items = told(&["d", "e"]).await;
    // No store takes such a name.
    let refused = Event { bus: "a\0b".into(), ..event("x") };
    items.insert(1, WorkItem::now(EVENTS, "x", serde_json::to_string(&refused).unwrap()));
    items.push(WorkItem::now(EVENTS, "y", "no event"));
    let outcomes = Matcher(bus.clone()).work_together(&items).await;
    let ok: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(ok, [true, false, true, true]);
    let (recent, _) = bus.recent(&scope(), None, (None, 10), None).await.unwrap();
    let mut ids: Vec<_> = recent.iter().map(|recent| recent.event.id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["a", "b", "c", "d", "e"]);
    assert!(store.due(EVENTS, bus.ground.now(), 10).await.unwrap().is_empty());
}
