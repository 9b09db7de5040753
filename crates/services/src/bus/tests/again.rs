//! The last events, told again.

use std::collections::BTreeSet;

use super::*;
use crate::bus::told::Told;

async fn telling(count: usize) -> World {
    let world = world().await;
    world.rule(&json!({"source": ["app"]})).await;
    world.targets(vec![target("t", Shape::Whole)]).await;
    for n in 0..count {
        world
            .bus
            .put_events(&root(), &scope(), vec![entry(&json!({"n": n}).to_string())], None)
            .await
            .unwrap();
    }
    world.arrived(count).await;
    world.quiet().await;
    world
}

fn named(name: &str) -> AgainSpec {
    AgainSpec { since: Some(Timestamp(0)), name: Some(name.into()), ..AgainSpec::default() }
}

#[tokio::test]
async fn a_replay_of_the_same_name_tells_nothing_twice() {
    let world = telling(3).await;
    let again = async |spec: AgainSpec| world.bus.tell_again(&scope(), &root(), spec).await.unwrap();
    let once = Again { name: "once".into(), count: 3 };
    assert_eq!(again(named("once")).await, once);
    world.arrived(6).await;
    world.quiet().await;
    // Matched and delivered long ago; meanwhile there are others.
    world.bus.put_events(&root(), &scope(), vec![entry(r#"{"n":3}"#)], None).await.unwrap();
    assert_eq!(again(named("once")).await, once);
    assert_eq!(again(named("twice")).await.count, 4);
    let got = world.arrived(11).await;
    world.quiet().await;
    let of = |name: &str| got.iter().filter(|delivery| delivery.input()["replay-name"] == name).count();
    assert_eq!((of("once"), of("twice"), got.len()), (3, 4, 11));
    assert_eq!((world.remembered().await.len(), world.matched(11).await), (11, 11));
}

/// A replay takes several commits. Two calls at the same moment share them, and a cut-off one is gone on with.
#[tokio::test]
async fn each_event_is_told_once_however_often_a_replay_is_called() {
    const COUNT: usize = 250;
    let world = telling(COUNT).await;
    {
        let (scope, root, waiting) = (scope(), root(), &world.bus.ground.store);
        let before = waiting.stats().commits;
        let mut cut_off = Box::pin(world.bus.tell_again(&scope, &root, named("many")));
        while futures::poll!(cut_off.as_mut()).is_pending() && waiting.stats().commits == before {
            tokio::task::yield_now().await;
        }
    }
    let (scope, root) = (scope(), root());
    let calls = (0..5).map(|_| world.bus.tell_again(&scope, &root, named("many")));
    for again in futures::future::try_join_all(calls).await.unwrap() {
        assert_eq!(again.count, COUNT);
    }
    let got = world.arrived(2 * COUNT).await;
    world.quiet().await;
    assert_eq!(world.shelf.got.lock().unwrap().len(), 2 * COUNT);
    let again = got.iter().filter(|delivery| delivery.input()["replay-name"] == "many");
    assert_eq!(again.map(|delivery| &delivery.event.id).collect::<BTreeSet<_>>().len(), COUNT);
}

/// An event that is remembered twice is one of those that are asked for, and not two.
#[tokio::test]
async fn an_id_that_is_there_twice_hides_no_other() {
    let world = telling(2).await;
    let [latest, first] = <[Recent; 2]>::try_from(world.remembered().await).unwrap();
    let mut changes = Changes::new();
    world.bus.remember(&mut changes, Told::new(Arc::clone(&latest.event)).unwrap()).unwrap();
    world.bus.ground.store.commit(changes).await.unwrap();
    let ids: BTreeSet<_> = [latest.event.id.clone(), first.event.id.clone()].into();
    let spec = AgainSpec { ids, ..AgainSpec::default() };
    assert_eq!(world.bus.tell_again(&scope(), &root(), spec).await.unwrap().count, 2);
    assert_eq!(world.arrived(4).await.len(), 4);
}
