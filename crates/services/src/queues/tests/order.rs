//! Queues that keep order, and what is sent once.

use std::collections::BTreeSet;

use super::*;

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

/// A task's call is known by its token, and its letter by the deduplication id too.
#[tokio::test]
async fn calls_do_not_go_round_deduplication() {
    let mut world = World::new().await;
    let jobs = world.queue("jobs.fifo", &[]).await;
    let send = async |world: &World, token: Option<&str>, body: &str| {
        let sending = Sending {
            letter: Letter::of(body),
            group: Some("g".to_owned()),
            dedup: Some("d".to_owned()),
            token: token.map(str::to_owned),
            ..Sending::default()
        };
        world.queues.send(&world.caller(), &jobs, sending).await.unwrap().id
    };
    let first = send(&world, None, "one").await;
    assert_eq!(send(&world, Some("t"), "two").await, first);
    assert_eq!(world.counts(&jobs).await, [1, 0, 0]);
    world.again();
    world.pass(301);
    assert_eq!(send(&world, Some("t"), "two").await, first, "it is the same call");
    let later = send(&world, Some("u"), "three").await;
    assert_ne!(later, first);
    assert_eq!((send(&world, None, "four").await, world.counts(&jobs).await), (later, [2, 0, 0]));
}
