//! What becomes of a message from its sending to its end.

use std::collections::BTreeSet;

use super::*;

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

#[tokio::test]
async fn no_more_are_in_flight_than_may_be() {
    let mut world = World::new().await;
    world.queues.most_in_flight = 3;
    let jobs = world.queue("jobs", &[("VisibilityTimeout", "10")]).await;
    for body in ["one", "two", "three", "four", "five"] {
        world.send(&jobs, body).await;
    }
    let mut handles = Vec::new();
    for _ in 0..3 {
        handles.extend(world.receive(&jobs, 1).await.into_iter().map(|message| message.handle));
    }
    let receiving = Receiving { wait: Some(0), ..Receiving::default() };
    let refused = world.queues.receive(&world.caller(), &jobs, &receiving).await.unwrap_err();
    assert_eq!(refused.code(), "OverLimit");
    let patient = Receiving { wait: Some(1), ..Receiving::default() };
    assert_eq!(world.queues.receive(&world.caller(), &jobs, &patient).await.unwrap(), [], "it is not told");
    world.say(&jobs, &handles[0], Word::Done).await.unwrap();
    assert_eq!(world.bodies(&jobs, 1).await, ["four"]);
    world.pass(10);
    assert_eq!(world.bodies(&jobs, 1).await, ["five"], "none of them is in flight any more");
}

#[tokio::test]
async fn a_batch_takes_no_more_than_there_is_room_for() {
    let mut world = World::new().await;
    world.queues.most_in_flight = 3;
    let jobs = world.queue("jobs", &[("VisibilityTimeout", "10")]).await;
    for body in ["one", "two", "three", "four", "five"] {
        world.send(&jobs, body).await;
    }
    let taken = world.receive(&jobs, 10).await;
    assert_eq!(taken.len(), 3);
    world.say(&jobs, &taken[0].handle, Word::Done).await.unwrap();
    world.say(&jobs, &taken[1].handle, Word::VisibleIn(0)).await.unwrap();
    assert_eq!(world.bodies(&jobs, 10).await.len(), 2, "the room of both is known at once");
    world.queues.purge(&world.caller(), &jobs).await.unwrap();
    world.send(&jobs, "six").await;
    assert_eq!(world.bodies(&jobs, 10).await, ["six"]);
}

/// What was read ahead is deleted with a handle of before.
#[tokio::test]
async fn a_message_that_goes_while_it_is_received_is_in_nobodys_way() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[("VisibilityTimeout", "0")]).await;
    let large = |letter: &str| letter.repeat(10_000);
    for letter in ["1", "2"] {
        world.send(&jobs, &large(letter)).await;
    }
    assert_eq!(world.bodies(&jobs, 1).await, [large("1")]);
    let second = world.receive(&jobs, 1).await.remove(0);
    assert_eq!(second.letter.body, large("2"));
    assert_eq!(world.bodies(&jobs, 1).await, [large("1")]);
    world.say(&jobs, &second.handle, Word::Done).await.unwrap();
    assert_eq!(world.bodies(&jobs, 1).await, [large("1")], "the other is looked for anew");
}
