//! Versions and aliases.

use std::collections::BTreeSet;

use serde_json::json;

use super::world::{World, machine, root, scope, spec};
use crate::executions::{Error, MachineSpec, MachineUpdate, RouteSpec};

/// A machine whose versions say their number.
async fn published(world: &World, versions: u64) -> String {
    let say = |n: u64| machine(json!({"say": {"Type": "Pass", "Result": n, "End": true}}));
    let first = MachineSpec { publish: true, ..spec("m", &say(1)) };
    let made = world.executions.create_machine(&scope(), &root(), first).await.unwrap();
    let arn = made.machine.arn().to_string();
    for n in 2..=versions {
        let update =
            MachineUpdate { definition: Some(say(n).to_string()), publish: true, ..Default::default() };
        let updated = world.executions.update_machine(&root(), &arn, update).await.unwrap();
        assert_eq!(updated.version.unwrap().number, n);
    }
    arn
}

fn route(arn: &str, version: u64, weight: u32) -> RouteSpec {
    RouteSpec { version: format!("{arn}:{version}"), weight }
}

#[tokio::test]
async fn a_revision_is_published_once() {
    let world = World::new().await;
    let arn = published(&world, 2).await;
    let again = world.executions.publish_version(&root(), &arn, None, None).await.unwrap();
    assert_eq!(again.number, 2);
    world.executions.delete_version(&root(), &format!("{arn}:2")).await.unwrap();
    let next = world.executions.publish_version(&root(), &arn, None, None).await.unwrap();
    assert_eq!(next.number, 3, "no number is given twice");
    let stale = world.executions.publish_version(&root(), &arn, Some("INITIAL"), None).await;
    assert!(matches!(stale, Err(Error::Conflict(_))), "{stale:?}");
}

#[tokio::test]
async fn executions_go_where_an_alias_leads() {
    let world = World::new().await;
    let arn = published(&world, 3).await;
    let routes = [route(&arn, 1, 50), route(&arn, 3, 50)];
    let alias = world.executions.create_alias(&root(), "LIVE".into(), None, &routes).await.unwrap();
    let alias = alias.arn().to_string();
    let mut seen = BTreeSet::new();
    for n in 0..60 {
        let execution = world.start(&alias, &format!("x{n}"), &json!({})).await;
        let over = world.over(&execution).await;
        assert_eq!(over.alias_arn().unwrap().to_string(), alias);
        assert_eq!(over.end.unwrap().output.unwrap(), over.version.unwrap().to_string());
        seen.insert(over.version.unwrap());
    }
    assert_eq!(seen, BTreeSet::from([1, 3]));
    let by_alias = world.executions.list(&alias, None, 100, None).await.unwrap().0;
    let by_first = world.executions.list(&format!("{arn}:1"), None, 100, None).await.unwrap().0;
    let by_third = world.executions.list(&format!("{arn}:3"), None, 100, None).await.unwrap().0;
    assert_eq!((by_alias.len(), by_first.len() + by_third.len()), (60, 60));
}

#[tokio::test]
async fn a_version_with_an_alias_stays() {
    let world = World::new().await;
    let arn = published(&world, 2).await;
    let only = |version| [route(&arn, version, 100)];
    let alias = world.executions.create_alias(&root(), "LIVE".into(), None, &only(1)).await.unwrap();
    let same = world.executions.create_alias(&root(), "LIVE".into(), None, &only(1)).await.unwrap();
    assert_eq!(alias, same);
    let other = world.executions.create_alias(&root(), "LIVE".into(), None, &only(2)).await;
    assert!(matches!(other, Err(Error::Conflict(_))), "{other:?}");
    let refused = world.executions.delete_version(&root(), &format!("{arn}:1")).await.unwrap_err();
    assert!(refused.to_string().ends_with("referencing this version: [LIVE]"), "{refused}");
    let at = alias.arn().to_string();
    world.executions.update_alias(&root(), &at, None, Some(&only(2))).await.unwrap();
    world.executions.delete_version(&root(), &format!("{arn}:1")).await.unwrap();
    let missing = world.executions.create_alias(&root(), "OLD".into(), None, &only(1)).await;
    assert!(matches!(missing, Err(Error::NoResource(_))), "{missing:?}");
    world.executions.delete_machine(&root(), &arn).await.unwrap();
    let gone = world.executions.describe_alias(&at).await;
    assert!(matches!(gone, Err(Error::NoResource(_))), "{gone:?}");
}

#[tokio::test]
async fn what_changes_nothing_is_no_revision() {
    let world = World::new().await;
    let arn = published(&world, 1).await;
    let there = world.executions.describe_machine(&arn).await.unwrap();
    let update = MachineUpdate { definition: Some(there.revision.definition.clone()), ..Default::default() };
    let updated = world.executions.update_machine(&root(), &arn, update).await.unwrap();
    assert_eq!(updated.revision, there.revision);
    assert!(!updated.machine.updated);
}
