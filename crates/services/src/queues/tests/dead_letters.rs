//! Dead letters: taken away, and moved back.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;

#[tokio::test]
async fn dead_letters_are_taken_away() {
    let world = World::new().await;
    let dead = world.queue("dead", &[]).await;
    let jobs = world.queue("jobs", &[("RedrivePolicy", REDRIVE), ("VisibilityTimeout", "1")]).await;
    let (large, sent) = ("x".repeat(10_000), world.send(&jobs, "poison").await);
    world.send(&jobs, &large).await;
    for _ in 0..2 {
        assert_eq!(world.bodies(&jobs, 10).await.len(), 2);
        world.pass(1);
    }
    world.send(&jobs, "good").await;
    assert_eq!(world.bodies(&jobs, 10).await, ["good"], "the dead are not in the way of others");
    let found = world.receive(&dead, 10).await;
    assert_eq!(found.iter().map(|m| m.letter.body.as_str()).collect::<Vec<_>>(), ["poison", &large]);
    assert_eq!(found[0].id, sent.id);
    let from = system(&found[0], "DeadLetterQueueSourceArn");
    assert_eq!(from, Some("arn:aws:sqs:us-east-1:000000000000:jobs"));
    let (sources, _) = world.queues.sources(&world.caller(), &dead, 10, None).await.unwrap();
    assert_eq!(sources, std::slice::from_ref(&jobs));
    world.queues.delete(&world.caller(), &dead).await.unwrap();
    world.pass(1);
    assert_eq!(world.bodies(&jobs, 10).await, ["good"]);
    world.pass(1);
    assert_eq!(
        world.bodies(&jobs, 10).await,
        ["good"],
        "there is nobody to take it: it is received once more"
    );
}

#[tokio::test]
async fn redrive_policies_name_a_queue_that_takes() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[]).await;
    let why = world.set(&jobs, &[("RedrivePolicy", REDRIVE)]).await.unwrap_err().to_string();
    assert!(why.contains("does not exist"), "{why}");
    let dead = world.queue("dead", &[("RedriveAllowPolicy", r#"{"redrivePermission":"denyAll"}"#)]).await;
    let why = world.set(&jobs, &[("RedrivePolicy", REDRIVE)]).await.unwrap_err().to_string();
    assert!(why.contains("does not allow"), "{why}");
    let by_queue =
        r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:000000000000:jobs"]}"#;
    world.set(&dead, &[("RedriveAllowPolicy", by_queue)]).await.unwrap();
    world.set(&jobs, &[("RedrivePolicy", REDRIVE)]).await.unwrap();
}

#[tokio::test]
async fn dead_letters_go_back_to_where_they_came_from() {
    let mut world = World::new().await;
    let dead = world.queue("dead", &[]).await;
    let jobs = world.queue("jobs", &[("RedrivePolicy", REDRIVE), ("VisibilityTimeout", "0")]).await;
    let (large, mut ids) = ("x".repeat(10_000), BTreeSet::new());
    for body in ["one", &large] {
        ids.insert(world.send(&jobs, body).await.id);
    }
    while !world.bodies(&jobs, 10).await.is_empty() {}
    assert_eq!(world.counts(&dead).await, [2, 0, 0]);
    let handle = world.queues.start_move(&world.caller(), &dead, None, None).await.unwrap();
    let again = world.queues.start_move(&world.caller(), &dead, None, None).await.unwrap_err();
    assert_eq!(again.code(), "UnsupportedOperation");
    world.again();
    world.move_on().await;
    let moved = world.queues.moves(&world.caller(), &dead, 10).await.unwrap();
    assert_eq!((moved[0].status, moved[0].moved, moved[0].planned), (MoveStatus::Completed, 2, 2));
    let back = world.receive(&jobs, 10).await;
    assert_eq!(back.iter().map(|m| m.letter.body.as_str()).collect::<Vec<_>>(), ["one", &large]);
    assert!(back.iter().all(|message| !ids.contains(&message.id)), "they are new messages");
    assert_eq!(system(&back[0], "ApproximateReceiveCount"), Some("1"));
    let scope = dead.scope.to_string();
    let over = world.queues.cancel_move(&world.caller(), &scope, &handle).await.unwrap_err();
    assert_eq!(over.code(), "ResourceNotFoundException");
    let no_dead = world.queues.start_move(&world.caller(), &jobs, None, None).await.unwrap_err();
    assert!(no_dead.to_string().contains("Dead Letter Queue"), "{no_dead}");
}

#[tokio::test]
async fn a_dead_letter_keeps_its_age_but_where_order_is_kept() {
    for (suffix, kept) in [("", 30), (".fifo", 60)] {
        let world = World::new().await;
        let (dead, jobs) = (format!("dead{suffix}"), format!("jobs{suffix}"));
        let dead = world.queue(&dead, &[("MessageRetentionPeriod", "60")]).await;
        let redrive = json!({"deadLetterTargetArn": dead.arn(), "maxReceiveCount": 1}).to_string();
        let jobs = world.queue(&jobs, &[("RedrivePolicy", &redrive), ("VisibilityTimeout", "0")]).await;
        match jobs.is_fifo() {
            true => drop(world.send_in(&jobs, "a", "one").await),
            false => drop(world.send(&jobs, "one").await),
        }
        world.pass(30);
        while !world.bodies(&jobs, 1).await.is_empty() {}
        world.pass(kept - 1);
        assert_eq!(world.bodies(&dead, 1).await, ["one"], "{suffix}");
        world.pass(1);
        assert_eq!(world.queues.sweep().await.unwrap(), 1, "{suffix}");
    }
}

/// Queues that take each other's dead letters: each receives a letter as often as it says.
#[tokio::test]
async fn what_was_received_elsewhere_does_not_count() {
    let world = World::new().await;
    let here = world.queue("here", &[("VisibilityTimeout", "0")]).await;
    let there = world.queue("there", &[("VisibilityTimeout", "0")]).await;
    for (from, to, most) in [(&here, &there, 2), (&there, &here, 1)] {
        let redrive = json!({"deadLetterTargetArn": to.arn(), "maxReceiveCount": most}).to_string();
        world.set(from, &[("RedrivePolicy", &redrive)]).await.unwrap();
    }
    world.send(&here, "one").await;
    for _ in 0..3 {
        for (queue, count) in [(&here, 2), (&there, 1)] {
            for _ in 0..count {
                assert_eq!(world.bodies(queue, 1).await, ["one"]);
            }
            assert!(world.bodies(queue, 1).await.is_empty());
        }
    }
    let seen = world.receive(&here, 1).await;
    assert_eq!(system(&seen[0], "ApproximateReceiveCount"), Some("10"));
}

#[tokio::test]
async fn a_move_is_as_fast_as_it_may_be() {
    let world = World::new().await;
    let dead = world.queue("dead", &[]).await;
    let jobs = world.queue("jobs", &[("RedrivePolicy", REDRIVE)]).await;
    for _ in 0..60 {
        let batch = vec![Sending { letter: Letter::of("x"), ..Sending::default() }; 10];
        world.queues.send_all(&world.caller(), &dead, batch).await.unwrap();
    }
    world.queues.start_move(&world.caller(), &dead, Some(jobs.clone()), Some(250)).await.unwrap();
    for moved in [250, 500, 600] {
        world.move_on().await;
        assert_eq!(world.counts(&jobs).await[0], moved);
    }
    let moves = world.queues.moves(&world.caller(), &dead, 1).await.unwrap();
    assert_eq!((moves[0].status, moves[0].moved), (MoveStatus::Completed, 600));
}
