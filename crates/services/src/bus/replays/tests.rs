//! What a replay tells again, to whom, and where it goes on after a crash.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;
use trainyard_domain::Timestamp;
use trainyard_store::{Changes, Expect, Held};

use super::*;
use crate::{
    bus::{
        ArchiveSpec, Entry, Shape,
        tests::{World, entry, root, scope, target, world},
    },
    refusal::Refusal,
};

const BUS: &str = "arn:aws:events:us-east-1:000000000000:event-bus/default";
const ARCHIVE: &str = "arn:aws:events:us-east-1:000000000000:archive/all";

/// A world with an archive of the default bus, the rule `r` that takes all of `app`, and these events told at
/// seconds 1, 2, …
async fn archived(events: i64) -> World {
    let world = world().await;
    let spec = ArchiveSpec { name: "all".into(), source: Some(BUS.into()), ..ArchiveSpec::default() };
    world.bus.create_archive(&scope(), &root(), spec).await.unwrap();
    // The latest is told first: a replay has its own order.
    for n in (1..=events).rev() {
        let told = Entry { time: Some(Timestamp(n * 1000)), ..entry(&json!({"n": n}).to_string()) };
        world.bus.put_events(&root(), &scope(), vec![told], None).await.unwrap();
    }
    let kept = async {
        while world.bus.describe_archive(&scope(), "all").await.unwrap().1.events != events.unsigned_abs() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), kept).await.expect("never archived");
    world.rule(&json!({"source": ["app"]})).await;
    world.targets(vec![target("t", Shape::Whole)]).await;
    world
}

fn spec(name: &str, from: i64, until: i64) -> ReplaySpec {
    ReplaySpec {
        name: name.into(),
        description: None,
        archive: ARCHIVE.into(),
        destination: BUS.into(),
        rules: Vec::new(),
        from: Timestamp(from * 1000),
        until: Timestamp(until * 1000),
    }
}

/// Lets the replay's time come, and waits until it has ended.
async fn ended(world: &World, name: &str) -> Replay {
    world.clock.fetch_add(3000, Ordering::SeqCst);
    world.bus.ground.store.hint("replays").notify_one();
    let over = async {
        loop {
            let replay = world.bus.describe_replay(&scope(), name).await.unwrap();
            if replay.ended.is_some() {
                return replay;
            }
            // A replay that waits for others waits in this world's time.
            world.clock.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), over).await.expect("the replay never ends")
}

#[tokio::test]
async fn what_is_in_the_range_is_told_again_in_order_and_says_so() {
    let world = archived(250).await;
    let started = world.bus.start_replay(&scope(), &root(), spec("again", 11, 231)).await.unwrap();
    assert_eq!(started.state, ReplayState::Starting);
    let replay = ended(&world, "again").await;
    assert_eq!((replay.state, replay.last), (ReplayState::Completed, Some(Timestamp(230_000))));
    let got = world.arrived(220).await;
    let mut numbers: Vec<_> = got.iter().filter_map(|d| d.event.detail["n"].as_i64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (11..=230).collect::<Vec<_>>());
    assert!(
        got.iter().all(|d| d.input()["replay-name"] == "again" && d.input()["id"] == d.event.id.as_str())
    );
    let (_, tally) = world.bus.describe_archive(&scope(), "all").await.unwrap();
    assert_eq!(tally.events, 250, "what is replayed is not archived again");
    world.bus.start_replay(&scope(), &root(), spec("twice", 11, 13)).await.unwrap();
    ended(&world, "twice").await;
    let all = world.arrived(222).await;
    assert_eq!(all.iter().filter(|d| d.input()["replay-name"] == "twice").count(), 2, "two replays are two");
}

#[tokio::test]
async fn a_replay_can_be_for_some_rules() {
    let world = archived(3).await;
    let rule = |name: &str| format!("arn:aws:events:us-east-1:000000000000:rule/{name}");
    let other = ReplaySpec { rules: vec![rule("other")], ..spec("others", 0, 10) };
    world.bus.start_replay(&scope(), &root(), other).await.unwrap();
    assert_eq!(ended(&world, "others").await.state, ReplayState::Completed);
    let ours = ReplaySpec { rules: vec![rule("r")], ..spec("ours", 0, 10) };
    world.bus.start_replay(&scope(), &root(), ours).await.unwrap();
    ended(&world, "ours").await;
    let got = world.arrived(3).await;
    assert!(got.iter().all(|delivery| delivery.input()["replay-name"] == "ours"), "{got:?}");
    world.quiet().await;
    assert_eq!(world.matched(3).await, 3, "what a rule does not get it does not match");
    let strange = ReplaySpec { rules: vec![rule("team/r")], ..spec("strange", 0, 10) };
    let strange = ReplaySpec { rules: vec![strange.rules[0].replace("rule/", "x/")], ..strange };
    assert!(world.bus.start_replay(&scope(), &root(), strange).await.is_err());
}

#[tokio::test]
async fn a_replay_is_ended_before_its_next_page() {
    let world = archived(2).await;
    world.bus.start_replay(&scope(), &root(), spec("never", 0, 10)).await.unwrap();
    let cancelled = world.bus.cancel_replay(&scope(), &root(), "never").await.unwrap();
    assert_eq!(cancelled.state, ReplayState::Cancelling);
    let over = ended(&world, "never").await;
    assert_eq!((over.state, over.last), (ReplayState::Cancelled, None));
    let again = world.bus.cancel_replay(&scope(), &root(), "never").await.unwrap_err();
    assert_eq!(again.code(), "IllegalStatusException");
    assert!(world.shelf.got.lock().unwrap().is_empty());
}

/// A replay's turns change it all the time.
#[tokio::test]
async fn a_replay_that_goes_on_can_be_ended() {
    let world = archived(1).await;
    let store = &world.bus.ground.store;
    for n in 0..10 {
        let name = format!("r{n}");
        world.bus.start_replay(&scope(), &root(), spec(&name, 0, 10)).await.unwrap();
        let turns = async {
            loop {
                let Held { version, value } =
                    store.get::<Replay>(&scope().to_string(), &name).await.unwrap().unwrap();
                let mut changes = Changes::new();
                changes.put(&value, Expect::Version(version)).unwrap();
                let _ = store.commit(changes).await;
            }
        };
        let (scope, root) = (scope(), root());
        let ended = world.bus.cancel_replay(&scope, &root, &name);
        let ended = tokio::select! { ended = ended => ended, () = turns => unreachable!() };
        assert_eq!(ended.unwrap().state, ReplayState::Cancelling);
    }
}

#[tokio::test]
async fn a_replay_of_an_archive_that_is_gone_fails() {
    let world = archived(1).await;
    world.bus.start_replay(&scope(), &root(), spec("late", 0, 10)).await.unwrap();
    world.bus.delete_archive(&scope(), &root(), "all").await.unwrap();
    let failed = ended(&world, "late").await;
    assert_eq!(failed.state, ReplayState::Failed);
    assert_eq!(failed.reason.as_deref(), Some("Archive all does not exist."));
}

#[tokio::test]
async fn replays_are_refused_in_awss_words() {
    let world = archived(0).await;
    let refused = async |spec: ReplaySpec| {
        let error = world.bus.start_replay(&scope(), &root(), spec).await.unwrap_err();
        format!("{}: {error}", error.code())
    };
    let invalid = |words: &str| format!("ValidationException: Parameter {words}");
    assert_eq!(
        refused(spec("a", 5, 5)).await,
        invalid("EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.")
    );
    let other = ReplaySpec { archive: ARCHIVE.replace("all", "none"), ..spec("a", 0, 1) };
    assert_eq!(
        refused(other).await,
        invalid("EventSourceArn is not valid. Reason: Archive none does not exist.")
    );
    let elsewhere =
        ReplaySpec { destination: "arn:aws:sqs:us-east-1:000000000000:q".into(), ..spec("a", 0, 1) };
    assert_eq!(
        refused(elsewhere).await,
        invalid("Destination.Arn is not valid. Reason: Must contain an event bus ARN.")
    );
    world.bus.create_bus(&root(), crate::bus::EventBus::new(&scope(), "team")).await.unwrap();
    let across = ReplaySpec { destination: BUS.replace("default", "team"), ..spec("a", 0, 1) };
    assert_eq!(
        refused(across).await,
        invalid("Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.")
    );
    for n in 0..10 {
        world.bus.start_replay(&scope(), &root(), spec(&format!("r{n}"), 0, 1)).await.unwrap();
    }
    assert_eq!(refused(spec("r0", 0, 1)).await, "ResourceAlreadyExistsException: Replay r0 already exists.");
    assert_eq!(
        refused(spec("more", 0, 1)).await,
        "LimitExceededException: The requested resource exceeds the maximum number allowed."
    );
}
