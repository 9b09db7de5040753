//! What cannot be read stands still, and is in nobody's way.

use serde_json::{Value, json};
use trainyard_domain::Timestamp;
use trainyard_engine::{Command, Fact, Moment, PAYLOAD_LIMIT, Run, decide};
use trainyard_lang::asl;
use trainyard_store::{Changes, Expect, WorkItem};

use super::{
    redrives::{half_failed, map_run},
    world::{World, machine, root, scope, task, that_are},
};
use crate::{
    executions::{
        Answer, Direction, Error, Execution, MapRunStatus, Status, counter::LINE, execution,
        map_runs::tests::spoil_ends, offers::OFFERS,
    },
    unreadable::spoil,
};

/// Something stands in the execution's history that is no event, and nothing of it is in memory.
async fn spoil_history(world: World, of: &Execution) -> World {
    let history = execution::history(&of.arn());
    let last = world.store.history_back(&history, u64::MAX, 1).await.unwrap()[0].0;
    let mut changes = Changes::new();
    changes.append(&history, last + 1, &["nonsense"]).unwrap();
    world.store.commit(changes).await.unwrap();
    world.crash().await
}

#[tokio::test]
async fn an_offer_that_cannot_be_read_hides_no_other() {
    let world = World::new().await;
    let made = world.executions.create_activity(&scope(), &root(), "sew".into(), Default::default()).await;
    let activity = made.unwrap().arn().to_string();
    let sew = json!({"Type": "Task", "Resource": activity, "End": true});
    let shop = world.machine("shop", &machine(json!({"sew": sew}))).await;
    for name in ["one", "two", "three"] {
        world.start(&shop, name, &json!({"name": name})).await;
    }
    let lane = (OFFERS, activity.as_str());
    let mut offers = world.store.agenda(lane, Timestamp(0), (Default::default(), 9)).await.unwrap().due;
    let last = offers.pop().unwrap().id;
    let mut changes = Changes::new();
    for offer in offers {
        changes.schedule(WorkItem::now(OFFERS, offer.id, "nonsense").in_lane(&activity));
    }
    // More than are read at a time, and before it.
    let whole = world.store.work(lane, &last).await.unwrap().unwrap();
    for n in 0..LINE {
        changes.schedule(WorkItem::now(OFFERS, n.to_string(), "nonsense").in_lane(&activity));
    }
    changes.schedule(whole);
    world.store.commit(changes).await.unwrap();
    assert_eq!(world.store.stats().damaged, 0);
    let handed = world.executions.next_activity_task(&root(), &activity, None).await.unwrap().unwrap();
    assert_eq!(handed.token(), last);
    assert_eq!(world.store.stats().damaged as usize, LINE + 2, "all of them are told of");
    handed.delivered();
}

/// A map run of which two children wait for their work, or for an answer.
async fn two_at_work(world: &World, suffix: &str) -> String {
    let map = json!({
        "Type": "Map",
        "Label": "Each",
        "MaxConcurrency": 2,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "work",
            "States": {"work": task(suffix, json!({"End": true}))},
        },
        "End": true,
    });
    let arn = world.machine("m", &machine(json!({"Map": map}))).await;
    let execution = world.start(&arn, "x", &json!([{}, {}, {}, {}])).await;
    world.until("work", async || (world.desk.count() == 2).then_some(())).await;
    execution
}

#[tokio::test]
async fn a_map_run_stops_though_children_cannot_be_read() {
    for broken in [1, 2] {
        let world = World::new().await;
        let execution = two_at_work(&world, ".sync").await;
        let run = map_run(&world, &execution).await;
        let mut children = world.children(&run, that_are(Status::Running)).await;
        spoil(&world.store, children.remove(0)).await;
        let world = if broken == 2 { spoil_history(world, &children[0]).await } else { world.crash().await };
        world.executions.stop(&root(), &execution, (None, None)).await.unwrap();
        let ended = async || {
            let run = map_run(&world, &execution).await;
            (run.status != MapRunStatus::Running).then_some(run)
        };
        let run = world.until("the end of the map run", ended).await;
        assert_eq!((run.status, run.executions.aborted), (MapRunStatus::Aborted, 2));
        assert_eq!((run.executions.running, run.items.running), (0, 0));
    }
}

#[tokio::test]
async fn ends_of_children_that_cannot_be_read_are_counted_all_the_same() {
    for stopped in [false, true] {
        let mut world = World::new().await;
        let execution = two_at_work(&world, ".waitForTaskToken").await;
        let answer = async |world: &World, token: &str| {
            world.executions.answer(&root(), token, Answer::Success("1".into())).await
        };
        world.halt().await;
        answer(&world, &world.desk.begun("work")[0]).await.unwrap();
        let run = map_run(&world, &execution).await;
        assert_eq!(spoil_ends(&world.store, &run.arn).await, 1);
        let world = world.crash().await;
        if stopped {
            world.executions.stop(&root(), &execution, (None, None)).await.unwrap();
        }
        let ended = async || {
            for token in world.desk.begun("work").into_iter().filter(|_| !stopped) {
                // Some are answered already.
                let _ = answer(&world, &token).await;
            }
            let run = map_run(&world, &execution).await;
            (run.status != MapRunStatus::Running).then_some(run)
        };
        let run = world.until("the end of the map run", ended).await;
        let (of, items) = (run.executions, run.items);
        assert_eq!((of.running, items.running), (0, 0));
        assert_eq!(
            (of.succeeded, of.succeeded + of.aborted),
            if stopped { (1, 2) } else { (4, 4) },
            "{of:?}"
        );
        assert_eq!((items.succeeded, items.aborted), (of.succeeded, of.aborted));
        let status = if stopped { Status::Aborted } else { Status::Succeeded };
        assert_eq!(world.over(&execution).await.status, status);
        assert_eq!(world.store.stats().damaged, 0, "what cannot be read is gone");
    }
}

#[tokio::test]
async fn a_map_run_is_redriven_though_children_cannot_be_read() {
    for whole in [false, true] {
        let world = World::new().await;
        let execution = half_failed(&world, "STANDARD").await;
        let before = map_run(&world, &execution).await;
        let failed = world.children(&before, that_are(Status::Failed)).await;
        let world = match whole {
            true => spoil_history(world, failed.last().unwrap()).await,
            false => {
                spoil(&world.store, failed.last().unwrap().clone()).await;
                world.crash().await
            }
        };
        world.executions.redrive(&root(), &execution, None).await.unwrap();
        let over = world.over(&execution).await;
        let run = map_run(&world, &execution).await;
        assert_eq!((run.executions.failed, run.executions.succeeded, run.redrives), (1, 3, 1));
        assert_eq!((run.executions.waiting.total(), run.executions.not_redrivable), (0, 1));
        // One failure is tolerated; but no result is left out without a word.
        assert_eq!(over.status, if whole { Status::Succeeded } else { Status::Failed });
        let cause = over.end.unwrap().cause.unwrap_or_default();
        assert_eq!(cause.contains("results of 1 of 4 child executions cannot be read"), !whole, "{cause}");
    }
}

async fn asked(world: &World) -> (String, String) {
    let ask = task(".waitForTaskToken", json!({"End": true}));
    let arn = world.machine("m", &machine(json!({"ask": ask}))).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    let token = world.work("ask").await;
    (execution, token)
}

/// The token of the task that comes when the one of that token has ended: as if it had, and all that followed were lost.
async fn next_token(world: &World, (definition, execution): (&Value, &str), token: String) -> String {
    let page = world.executions.history(execution, Direction::Forward, 100, None).await.unwrap();
    let machine = asl::parse(&definition.to_string()).unwrap();
    let fact = Fact::TaskSucceeded { token, output: json!({}) };
    let at = Moment { now: Timestamp(0), seed: 0, payload_limit: PAYLOAD_LIMIT };
    let decision = decide(&machine, &Run::fold(&page.events), &fact, &at);
    let calls = decision.commands.into_iter().filter_map(|command| match command {
        Command::RunTask(call) => Some(call.token),
        _ => None,
    });
    calls.last().unwrap()
}

/// The rows of a history are found by an index: where that is damaged the last of them may not be found, and nothing
/// is missing between the others.
#[tokio::test]
async fn an_execution_whose_last_events_are_lost_stands_still() {
    let world = World::new().await;
    let ask = task(".waitForTaskToken", json!({"Next": "again"}));
    let definition = machine(json!({"ask": ask, "again": task(".waitForTaskToken", json!({"End": true}))}));
    let execution = world.start(&world.machine("m", &definition).await, "x", &json!({})).await;
    let first = world.work("ask").await;
    let token = next_token(&world, (&definition, &execution), first).await;
    let world = world.crash().await;
    let answer = Answer::Success("1".into());
    for _ in 0..2 {
        let error = world.executions.answer(&root(), &token, answer.clone()).await.unwrap_err();
        assert!(matches!(&error, Error::Poisoned { .. }), "{error}");
        let error = world.executions.describe(&execution).await.unwrap_err();
        assert!(error.to_string().contains("those after event"), "{error}");
        let stopped = world.executions.stop(&root(), &execution, (None, None)).await;
        assert!(matches!(stopped, Err(Error::Poisoned { .. })), "{stopped:?}");
    }
    assert_eq!(world.store.stats().damaged, 1, "it is reported");
    // Another one goes on.
    let known = world.desk.begun("ask");
    let machine = execution.replace(":execution:", ":stateMachine:");
    let other = world.start(machine.rsplit_once(':').unwrap().0, "y", &json!({})).await;
    let begun = async || world.desk.begun("ask").into_iter().find(|token| !known.contains(token));
    let token = world.until("other work", begun).await;
    world.executions.answer(&root(), &token, answer.clone()).await.unwrap();
    let token = world.work("again").await;
    world.executions.answer(&root(), &token, answer).await.unwrap();
    assert_eq!(world.over(&other).await.status, Status::Succeeded);
}

#[tokio::test]
async fn a_history_that_lacks_its_end_is_not_shown_as_whole() {
    let world = World::new().await;
    let (execution, token) = asked(&world).await;
    world.executions.answer(&root(), &token, Answer::Success("1".into())).await.unwrap();
    let mut over = world.over(&execution).await;
    let shown = async |direction| world.executions.history(&execution, direction, 1000, None).await;
    for direction in [Direction::Forward, Direction::Backward] {
        assert!(shown(direction).await.is_ok());
    }
    let end = over.end.as_mut().unwrap();
    end.events += 1;
    let mut changes = Changes::new();
    changes.put(&over, Expect::Any).unwrap();
    world.store.commit(changes).await.unwrap();
    for direction in [Direction::Forward, Direction::Backward] {
        let error = shown(direction).await.unwrap_err();
        assert!(matches!(&error, Error::Poisoned { .. }), "{error}");
    }
}
