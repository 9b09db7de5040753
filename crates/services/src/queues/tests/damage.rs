//! What cannot be read is in nobody's way.

use std::{fs, path::Path};

use trainyard_store::{Changes, Expect, Noun};

use super::{
    super::{loose::Loose, message::Lost},
    *,
};
use crate::unreadable::spoil;

/// A letter that lies apart from its message.
fn large() -> String {
    "x".repeat(10_000)
}

/// Nobody can read any letter that lies apart.
async fn spoil_letters(world: &World) {
    for held in world.store.list::<Apart>(List::everywhere()).await.unwrap().items {
        spoil(&world.store, held.value).await;
    }
}

/// A message with a letter that lies apart, and one behind it, in the same group.
async fn send_both(world: &World, jobs: &QueueName) {
    for (number, body) in [&large(), "good"].into_iter().enumerate() {
        let sending = Sending {
            letter: Letter::of(body),
            group: jobs.is_fifo().then(|| "a".to_owned()),
            dedup: jobs.is_fifo().then(|| number.to_string()),
            ..Sending::default()
        };
        world.queues.send(&world.caller(), jobs, sending).await.unwrap();
    }
}

async fn lost(world: &World) -> usize {
    world.store.list::<Lost>(List::everywhere()).await.unwrap().items.len()
}

#[tokio::test]
async fn a_letter_that_cannot_be_read_is_in_nobodys_way() {
    for name in ["jobs", "jobs.fifo"] {
        let world = World::new().await;
        let jobs = world.queue(name, &[]).await;
        send_both(&world, &jobs).await;
        spoil_letters(&world).await;
        assert_eq!(world.bodies(&jobs, 1).await, ["good"], "{name}");
        assert_eq!((world.counts(&jobs).await, lost(&world).await), ([0, 1, 0], 1), "{name}");
        world.queues.purge(&world.caller(), &jobs).await.unwrap();
        let due = world.store.due(Shelves::TOPIC, Timestamp(i64::MAX), 10).await.unwrap();
        Shelves(world.queues.clone()).work(&due[0]).await.unwrap();
        assert_eq!(lost(&world).await, 0, "{name}");
    }
}

#[tokio::test]
async fn a_letter_that_is_not_there_is_in_nobodys_way() {
    for name in ["jobs", "jobs.fifo"] {
        let world = World::new().await;
        let jobs = world.queue(name, &[]).await;
        send_both(&world, &jobs).await;
        let apart = world.store.list::<Apart>(List::everywhere()).await.unwrap().items.remove(0).value;
        let mut changes = Changes::new();
        changes.delete::<Apart>(&apart.scope(), &apart.id(), Expect::Any);
        world.store.commit(changes).await.unwrap();
        assert_eq!(world.bodies(&jobs, 1).await, ["good"], "{name}");
        assert_eq!((world.counts(&jobs).await, lost(&world).await), ([0, 1, 0], 1), "{name}");
    }
}

#[tokio::test]
async fn in_a_batch_only_what_cannot_be_read_is_refused() {
    for word in [Word::Done, Word::VisibleIn(100)] {
        let world = World::new().await;
        let jobs = world.queue("jobs", &[]).await;
        for body in ["one", "two", "three"] {
            world.send(&jobs, body).await;
        }
        let words: Vec<_> =
            world.receive(&jobs, 10).await.into_iter().map(|message| (message.handle, word)).collect();
        let all = world.store.list::<Message>(List::everywhere()).await.unwrap().items;
        spoil(&world.store, all[1].value.clone()).await;
        let told = world.queues.settle(&world.caller(), &jobs, &words).await.unwrap();
        assert_eq!(told.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        world.pass(50);
        assert!(world.bodies(&jobs, 10).await.is_empty(), "what can be read was done");
    }
}

#[tokio::test]
async fn dead_letters_that_cannot_be_read_are_put_aside() {
    let world = World::new().await;
    let dead = world.queue("dead", &[]).await;
    let jobs = world.queue("jobs", &[("RedrivePolicy", REDRIVE), ("VisibilityTimeout", "1")]).await;
    for body in ["poison", &large()] {
        world.send(&jobs, body).await;
    }
    for _ in 0..2 {
        assert_eq!(world.bodies(&jobs, 10).await.len(), 2);
        world.pass(1);
    }
    spoil_letters(&world).await;
    world.send(&jobs, "good").await;
    assert_eq!(world.bodies(&jobs, 10).await, ["good"]);
    assert_eq!((world.bodies(&dead, 10).await, lost(&world).await), (vec!["poison".to_owned()], 1));
}

#[tokio::test]
async fn a_move_leaves_behind_what_cannot_be_read() {
    let world = World::new().await;
    let dead = world.queue("dead", &[]).await;
    let jobs = world.queue("jobs", &[("RedrivePolicy", REDRIVE), ("VisibilityTimeout", "0")]).await;
    for body in [&large(), "one"] {
        world.send(&jobs, body).await;
    }
    while !world.bodies(&jobs, 10).await.is_empty() {}
    assert_eq!(world.counts(&dead).await, [2, 0, 0]);
    spoil_letters(&world).await;
    world.queues.start_move(&world.caller(), &dead, None, None).await.unwrap();
    world.move_on().await;
    let moved = world.queues.moves(&world.caller(), &dead, 10).await.unwrap();
    assert_eq!((moved[0].status, moved[0].moved, lost(&world).await), (MoveStatus::Completed, 1, 1));
    assert_eq!(world.bodies(&jobs, 10).await, ["one"]);
}

/// A store whose file is nothing any more.
async fn broken(directory: &Path) -> Store {
    // What it begins with is in the file, and not in the log any more.
    drop(Store::open(directory).await.unwrap());
    let store = Store::open(directory).await.unwrap();
    let file = directory.join("store.db");
    let length = fs::metadata(&file).unwrap().len();
    fs::write(&file, vec![7; usize::try_from(length).unwrap()]).unwrap();
    store
}

#[tokio::test]
async fn what_was_taken_before_a_read_failed_is_taken_again() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[]).await;
    for body in ["one", "two", "three"] {
        world.send(&jobs, body).await;
    }
    let all = world.store.list::<Message>(List::everywhere()).await.unwrap().items;
    let (shelf, now) = (&all[0].value.shelf, world.queues.ground.now());
    let mut loose = Loose::default();
    assert_eq!(loose.take(&world.store, shelf, now, 1).await.unwrap().0.len(), 1);
    let directory = tempfile::tempdir().unwrap();
    let broken = broken(directory.path()).await;
    assert!(loose.take(&broken, shelf, now, 10).await.is_err(), "there are fewer than that ahead");
    assert_eq!(loose.take(&world.store, shelf, now, 10).await.unwrap().0.len(), 2);
}
