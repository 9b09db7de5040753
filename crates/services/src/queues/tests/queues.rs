//! Queues themselves: made, cleared, and opened to others.

use super::*;

#[tokio::test]
async fn what_is_kept_long_enough_goes() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[("MessageRetentionPeriod", "60")]).await;
    for body in ["one", "two"] {
        world.send(&jobs, body).await;
    }
    world.pass(30);
    world.send(&jobs, "three").await;
    world.pass(30);
    assert_eq!(world.queues.sweep().await.unwrap(), 2);
    assert_eq!(world.counts(&jobs).await, [1, 0, 0]);
    world.pass(30);
    assert!(world.bodies(&jobs, 10).await.is_empty(), "expired, and not swept yet");
    assert_eq!(world.counts(&jobs).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_purged_queue_is_empty_and_goes_on() {
    let mut world = World::new().await;
    let jobs = world.queue("jobs", &[]).await;
    for _ in 0..3 {
        world.send(&jobs, "old").await;
    }
    let handle = world.receive(&jobs, 1).await.remove(0).handle;
    world.queues.purge(&world.caller(), &jobs).await.unwrap();
    assert_eq!(world.counts(&jobs).await, [0, 0, 0]);
    world.say(&jobs, &handle, Word::Done).await.unwrap();
    world.send(&jobs, "new").await;
    assert_eq!(world.bodies(&jobs, 10).await, ["new"]);
    world.again();
    let shelves = Shelves(world.queues.clone());
    let due = world.store.due(Shelves::TOPIC, Timestamp(i64::MAX), 10).await.unwrap();
    assert_eq!(due.len(), 1);
    shelves.work(&due[0]).await.unwrap();
    assert_eq!(world.store.list::<Message>(List::everywhere()).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn queues_are_made_once() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[("DelaySeconds", "5")]).await;
    let make = |attributes: &[(&str, &str)]| {
        let attributes = attributes_of(attributes);
        let (queues, root, jobs) = (world.queues.clone(), world.root.clone(), jobs.clone());
        async move { queues.create(&Caller::principal(&root), &jobs, &attributes, BTreeMap::new()).await }
    };
    make(&[]).await.unwrap();
    make(&[("DelaySeconds", "5")]).await.unwrap();
    assert_eq!(make(&[("DelaySeconds", "6")]).await.unwrap_err().code(), "QueueNameExists");
    world.send(&jobs, "old").await;
    world.queues.delete(&world.caller(), &jobs).await.unwrap();
    let gone = world.queues.attributes(&world.caller(), &jobs, &[]).await.unwrap_err();
    assert_eq!(gone.code(), "QueueDoesNotExist");
    make(&[("DelaySeconds", "6")]).await.unwrap();
    assert_eq!(world.counts(&jobs).await, [0, 0, 0], "it is another queue");
}

#[tokio::test]
async fn others_come_in_by_the_policy_only() {
    let world = World::new().await;
    let jobs = world.queue("jobs", &[]).await;
    let stranger = Principal::root(&"111111111111/us-east-1".parse().unwrap());
    let send = || {
        let (queues, stranger, jobs) = (world.queues.clone(), stranger.clone(), jobs.clone());
        let sending = Sending { letter: Letter::of("x"), ..Sending::default() };
        async move { queues.send(&Caller::principal(&stranger), &jobs, sending).await.map(drop) }
    };
    assert_eq!(send().await.unwrap_err().code(), "AccessDeniedException");
    let grant = Grant {
        label: "friends".to_owned(),
        accounts: vec!["111111111111".to_owned()],
        actions: vec!["SendMessage".to_owned()],
    };
    world.queues.permit(&world.caller(), &jobs, &grant).await.unwrap();
    send().await.unwrap();
    assert!(world.queues.permit(&world.caller(), &jobs, &grant).await.is_err(), "there is such a label");
    world.queues.forbid(&world.caller(), &jobs, "friends").await.unwrap();
    assert_eq!(send().await.unwrap_err().code(), "AccessDeniedException");
    let deny = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}}"#;
    world.set(&jobs, &[("Policy", deny)]).await.unwrap();
    let refused = world.queues.purge(&world.caller(), &jobs).await.unwrap_err();
    assert_eq!(refused.code(), "AccessDeniedException", "a policy keeps its owner out too");
    world.set(&jobs, &[("Policy", "")]).await.unwrap();
}
