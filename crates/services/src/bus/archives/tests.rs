//! What an archive keeps, for how long, and what it lets go of.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::{Value, json};
use trainyard_domain::Timestamp;

use super::*;
use crate::{
    bus::{
        Bus, Entry, Error, Shape,
        tests::{World, entry, root, scope, target, world},
    },
    refusal::Refusal,
};

const BUS: &str = "arn:aws:events:us-east-1:000000000000:event-bus/default";

fn spec(pattern: Option<&Value>, days: i64) -> ArchiveSpec {
    ArchiveSpec {
        name: "all".into(),
        source: Some(BUS.into()),
        pattern: pattern.map(Value::to_string),
        retention_days: Some(days),
        ..ArchiveSpec::default()
    }
}

/// Waits until so much is in the archive.
async fn holds(bus: &Bus, events: u64) -> ArchiveTally {
    let there = async {
        loop {
            let (_, tally) = bus.describe_archive(&scope(), "all").await.unwrap();
            if tally.events == events {
                return tally;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), there).await.expect("the archive never holds that many")
}

async fn refused(world: &World, spec: ArchiveSpec) -> (&'static str, String) {
    let error = world.bus.create_archive(&scope(), &root(), spec).await.unwrap_err();
    (error.code(), error.to_string())
}

#[tokio::test]
async fn what_fits_is_kept_and_counted() {
    let world = world().await;
    let pattern = json!({"detail": {"n": [1, 2]}});
    world.bus.create_archive(&scope(), &root(), spec(Some(&pattern), 0)).await.unwrap();
    assert_eq!(holds(&world.bus, 0).await.bytes, 0);
    let told = [r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#].map(entry);
    world.bus.put_events(&root(), &scope(), told.into(), None).await.unwrap();
    let two = holds(&world.bus, 2).await;
    assert!(two.bytes > 0);
    let changed =
        ArchiveSpec { pattern: Some(json!({"source": ["app"]}).to_string()), source: None, ..spec(None, 0) };
    world.bus.update_archive(&scope(), &root(), changed).await.unwrap();
    world.bus.put_events(&root(), &scope(), vec![entry(r#"{"n":3}"#)], None).await.unwrap();
    assert!(holds(&world.bus, 3).await.bytes > two.bytes);
}

#[tokio::test]
async fn an_archive_listens_by_a_rule_that_nobody_else_manages() {
    let world = world().await;
    world.bus.create_archive(&scope(), &root(), spec(None, 0)).await.unwrap();
    let name = "Events-Archive-all";
    let rule = world.bus.describe_rule(&scope(), None, name).await.unwrap();
    assert_eq!(rule.managed_by.as_deref(), Some("prod.vhs.events.aws.internal"));
    assert_eq!(rule.pattern.as_deref(), Some(r#"{"replay-name":[{"exists":false}]}"#));
    let denied = world.bus.enable_rule(&scope(), &root(), (None, name), false).await.unwrap_err();
    assert_eq!(
        (denied.code(), denied.to_string().as_str()),
        (
            "ManagedRuleException",
            "Events-Archive-all is a managed rule. Set 'force' parameter to true to override."
        )
    );
    let ids = ["all".to_owned()];
    let rule = (None, name);
    assert!(world.bus.put_targets(&scope(), &root(), rule, vec![target("t", Shape::Whole)]).await.is_err());
    assert!(world.bus.remove_targets(&scope(), &root(), rule, (&ids, false)).await.is_err());
    assert!(world.bus.delete_rule(&scope(), &root(), rule, false).await.is_err());
    world.bus.remove_targets(&scope(), &root(), rule, (&ids, true)).await.unwrap();
    world.bus.delete_rule(&scope(), &root(), rule, true).await.unwrap();
    world.bus.update_archive(&scope(), &root(), ArchiveSpec { source: None, ..spec(None, 1) }).await.unwrap();
    assert!(world.bus.describe_rule(&scope(), None, name).await.is_ok(), "a change puts the rule back");
}

#[tokio::test]
async fn what_is_too_old_is_let_go_of() {
    let world = world().await;
    world.bus.create_archive(&scope(), &root(), spec(None, 2)).await.unwrap();
    // Told today of a year ago, and of a year to come.
    const YEAR: i64 = 365 * 24 * 3600 * 1000;
    let now = world.bus.ground.now().millis();
    let at = |time: i64| Entry { time: Some(Timestamp(time)), ..entry("{}") };
    let told = vec![entry("{}"), at(now - YEAR), at(now + YEAR)];
    world.bus.put_events(&root(), &scope(), told, None).await.unwrap();
    holds(&world.bus, 3).await;
    pass(&world, Duration::from_secs(24 * 3600)).await;
    holds(&world.bus, 3).await;
    world.bus.put_events(&root(), &scope(), vec![entry("{}")], None).await.unwrap();
    holds(&world.bus, 4).await;
    pass(&world, Duration::from_secs(25 * 3600)).await;
    holds(&world.bus, 1).await;
}

/// Lets time pass, and the archive be looked at.
async fn pass(world: &World, time: Duration) {
    world.clock.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    world.bus.ground.store.hint("archives").notify_one();
    let looked = async {
        while !world.bus.ground.store.due("archives", world.bus.ground.now(), 1).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looked).await.expect("nobody looks at the archive");
}

#[tokio::test]
async fn an_archive_that_is_gone_leaves_nothing() {
    let world = world().await;
    let made = world.bus.create_archive(&scope(), &root(), spec(None, 0)).await.unwrap();
    world.bus.put_events(&root(), &scope(), vec![entry("{}"), entry("{}")], None).await.unwrap();
    holds(&world.bus, 2).await;
    world.bus.delete_archive(&scope(), &root(), "all").await.unwrap();
    assert!(matches!(world.bus.describe_archive(&scope(), "all").await, Err(Error::NoArchive(_))));
    assert!(world.bus.describe_rule(&scope(), None, "Events-Archive-all").await.is_err());
    let again = world.bus.create_archive(&scope(), &root(), spec(None, 0)).await.unwrap();
    assert_ne!(again.id, made.id);
    assert_eq!(holds(&world.bus, 0).await.bytes, 0);
    pass(&world, Duration::from_secs(60)).await;
    assert_eq!(world.bus.ground.store.weigh::<Kept>(&made.id).await.unwrap(), (0, 0));
}

#[tokio::test]
async fn archives_are_refused_in_awss_words() {
    let world = world().await;
    let (code, words) =
        refused(&world, ArchiveSpec { source: Some(BUS.replace("default", "no")), ..spec(None, 0) }).await;
    assert_eq!((code, words.as_str()), ("ResourceNotFoundException", "Event bus no does not exist."));
    let (code, _) = refused(&world, spec(Some(&json!({"source": "app"})), 0)).await;
    assert_eq!(code, "InvalidEventPatternException");
    let (code, words) = refused(&world, ArchiveSpec { name: "a".repeat(49), ..spec(None, -1) }).await;
    assert_eq!(code, "ValidationException");
    assert!(words.starts_with("2 validation errors detected: Value 'aaa"), "{words}");
    let (code, _) = refused(
        &world,
        ArchiveSpec { source: Some("arn:aws:sqs:us-east-1:000000000000:q".into()), ..spec(None, 0) },
    )
    .await;
    assert_eq!(code, "ValidationException");
    world.bus.create_archive(&scope(), &root(), spec(None, 0)).await.unwrap();
    let (code, words) = refused(&world, spec(None, 0)).await;
    assert_eq!((code, words.as_str()), ("ResourceAlreadyExistsException", "Archive all already exists."));
    let both = ArchiveFilter { prefix: Some("a".into()), state: Some("ENABLED".into()), source: None };
    assert!(world.bus.list_archives(&scope(), &both, 10, None).await.is_err());
}
