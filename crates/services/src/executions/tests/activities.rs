//! Tasks that workers of the user's own fetch.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use trainyard_domain::{Principal, Scope, Timestamp};
use trainyard_store::{Changes, Expect, WorkItem};

use super::world::{World, machine, root, scope};
use crate::{
    bus,
    executions::{Answer, Encryption, Error, Handed, Status, earlier::Earlier, offers::OFFERS},
};

struct Shop {
    world: World,
    activity: String,
    execution: String,
}

/// An execution that waits for a worker.
async fn shop() -> Shop {
    let world = World::new().await;
    let (scope, by, rest) = (scope(), root(), (Encryption::default(), vec![]));
    let made = world.executions.create_activity(&scope, &by, "sew".into(), rest).await;
    let activity = made.unwrap().arn().to_string();
    let sew = json!({"Type": "Task", "Resource": activity, "TimeoutSeconds": 600, "End": true});
    let arn = world.machine("shop", &machine(json!({"sew": sew}))).await;
    let execution = world.start(&arn, "x", &json!({"cloth": "red"})).await;
    Shop { world, activity, execution }
}

impl Shop {
    async fn fetch(&self) -> Handed {
        let worker = Some("Ann".to_owned());
        self.world.executions.next_activity_task(&root(), &self.activity, worker).await.unwrap().unwrap()
    }

    /// What of the offer is in the store.
    async fn offer(&self, token: &str) -> Option<WorkItem> {
        self.world.store.work((OFFERS, &self.activity), token).await.unwrap()
    }

    async fn crash(self) -> Self {
        Self { world: self.world.crash().await, ..self }
    }

    async fn started(&self) -> usize {
        self.world.types(&self.execution).await.iter().filter(|kind| *kind == "ActivityStarted").count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_fetches_a_task_and_answers() {
    let shop = shop().await;
    let handed = shop.fetch().await;
    assert_eq!(handed.input(), r#"{"cloth":"red"}"#);
    let token = handed.token().to_owned();
    handed.delivered();
    let started = shop.world.event(&shop.execution, "ActivityStarted").await;
    assert_eq!(started["activityStartedEventDetails"], json!({"workerName": "Ann"}));
    shop.world.executions.answer(&root(), &token, Answer::Heartbeat).await.unwrap();
    shop.world.executions.answer(&root(), &token, Answer::Success("7".into())).await.unwrap();
    let over = shop.world.over(&shop.execution).await;
    assert_eq!((over.status, over.end.unwrap().output.as_deref()), (Status::Succeeded, Some("7")));
    let late = shop.world.executions.answer(&root(), &token, Answer::Success("8".into())).await;
    assert!(matches!(late, Err(Error::TaskTimedOut)), "{late:?}");
}

/// The answer to a task offers the next one in its own commit, which also says that a worker had taken it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_is_one_commit() {
    let world = World::new().await;
    let made = world.executions.create_activity(&scope(), &root(), "sew".into(), Default::default()).await;
    let activity = made.unwrap().arn().to_string();
    let cut = json!({"Type": "Task", "Resource": activity, "Next": "sew"});
    let sew = json!({"Type": "Task", "Resource": activity, "End": true});
    let arn = world.machine("shop", &machine(json!({"cut": cut, "sew": sew}))).await;
    world.start(&arn, "x", &json!({})).await;
    let told =
        async || world.store.due(bus::EVENTS, Timestamp(i64::MAX), 1).await.unwrap().is_empty().then_some(());
    world.until("the news of the begin", told).await;
    let (by, commits) = (root(), || world.store.stats().commits);
    let fetch = async || world.executions.next_activity_task(&by, &activity, None).await.unwrap().unwrap();
    let (before, first) = (commits(), fetch().await);
    assert_eq!(commits() - before, 0);
    world.executions.answer(&by, first.token(), Answer::Success("1".into())).await.unwrap();
    assert_eq!(commits() - before, 1);
    let second = fetch().await;
    assert_eq!((commits() - before, second.input()), (1, "1"));
    second.delivered();
    first.delivered();
}

/// However many ask at once, each gets another task, and nobody's asking stands in another's way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_who_ask_together_get_tasks_of_their_own() {
    const WORKERS: usize = 20;
    let shop = shop().await;
    let machine = shop.execution.replace(":execution:", ":stateMachine:");
    let machine = machine.rsplit_once(':').unwrap().0;
    for n in 1..WORKERS {
        shop.world.start(machine, &format!("x{n}"), &json!({"cloth": n})).await;
    }
    let conflicts = shop.world.store.stats().conflicts;
    let handed = futures::future::join_all((0..WORKERS).map(|_| shop.fetch())).await;
    let tokens: std::collections::BTreeSet<_> =
        handed.iter().map(|handed| handed.token().to_owned()).collect();
    assert_eq!(tokens.len(), WORKERS);
    assert_eq!(shop.world.store.stats().conflicts, conflicts);
    handed.into_iter().for_each(Handed::delivered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_worker_has_heard_of_is_offered_again() {
    let mut shop = shop().await;
    let lost = shop.fetch().await;
    let token = lost.token().to_owned();
    drop(lost);
    let again = shop.fetch().await;
    assert_eq!(again.token(), token);
    // The answer dies with the server.
    std::mem::forget(again);
    shop = shop.crash().await;
    let again = shop.fetch().await;
    assert_eq!(again.token(), token);
    assert_eq!(shop.started().await, 0, "no worker is known to have it");
    again.delivered();
    assert_eq!(shop.started().await, 1, "it is one task, however often it is handed out");
}

/// The worker was told, but the server died before that was on disk: it is heard all the same, and in its order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_task_may_answer_whatever_the_server_knows() {
    let mut shop = shop().await;
    let handed = shop.fetch().await;
    let token = handed.token().to_owned();
    handed.delivered();
    shop = shop.crash().await;
    let (executions, by) = (&shop.world.executions, root());
    executions.answer(&by, &token, Answer::Heartbeat).await.unwrap();
    assert!(shop.offer(&token).await.is_none());
    executions.answer(&by, &token, Answer::Success("{}".into())).await.unwrap();
    let types = shop.world.types(&shop.execution).await;
    let of_task = ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"];
    assert_eq!(types[2..5], of_task);
    assert_eq!(shop.world.over(&shop.execution).await.status, Status::Succeeded);
}

/// Earlier versions kept offers as documents.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_earlier_server_offered_is_offered_still() {
    let mut shop = shop().await;
    let handed = shop.fetch().await;
    let token = handed.token().to_owned();
    let earlier = Earlier {
        token: token.clone(),
        execution: shop.execution.parse().unwrap(),
        activity: shop.activity.clone(),
        input: handed.input().to_owned(),
        events: 3,
    };
    std::mem::forget(handed);
    let mut changes = Changes::new();
    changes.put(&earlier, Expect::Absent).unwrap().cancel_in((OFFERS, &shop.activity), &token);
    shop.world.store.commit(changes).await.unwrap();
    shop = shop.crash().await;
    let again = shop.fetch().await;
    assert_eq!((again.token(), again.input()), (token.as_str(), r#"{"cloth":"red"}"#));
    assert!(shop.world.store.get::<Earlier>("", &token).await.unwrap().is_none());
    again.delivered();
    shop.world.executions.answer(&root(), &token, Answer::Success("7".into())).await.unwrap();
    assert_eq!(shop.world.over(&shop.execution).await.status, Status::Succeeded);
}

/// Whoever makes a token up changes nothing, whatever it names: not even how the execution is seen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_made_up_is_none() {
    let shop = shop().await;
    let handed = shop.fetch().await;
    let token = handed.token().to_owned();
    handed.delivered();
    let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
    let answer = Answer::Success("{}".into());
    // In the seal, the frame, the number of events, the execution's ARN.
    for place in [0, 39, 71, bytes.len() - 1] {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1;
        let made_up = URL_SAFE_NO_PAD.encode(bytes);
        let answered = shop.world.executions.answer(&root(), &made_up, answer.clone()).await;
        assert!(matches!(answered, Err(Error::InvalidToken)), "{place}: {answered:?}");
    }
    let stranger = Scope { account: "999999999999".parse().unwrap(), ..scope() };
    let stranger = Principal::root(&stranger);
    let answered = shop.world.executions.answer(&stranger, &token, answer.clone()).await;
    assert!(matches!(answered, Err(Error::InvalidToken)), "{answered:?}");
    shop.world.executions.answer(&root(), &token, answer).await.unwrap();
    assert_eq!(shop.world.over(&shop.execution).await.status, Status::Succeeded);
}

#[tokio::test]
async fn what_a_worker_has_is_not_offered_again() {
    let mut shop = shop().await;
    let handed = shop.fetch().await;
    let token = handed.token().to_owned();
    handed.delivered();
    let noted = async || shop.offer(&token).await.is_none().then_some(());
    shop.world.until("the delivery on disk", noted).await;
    shop = shop.crash().await;
    let (executions, activity) = (&shop.world.executions, &shop.activity);
    let by = root();
    let asked = executions.next_activity_task(&by, activity, None);
    tokio::select! {
        biased;
        handed = asked => panic!("{:?} is handed out again", handed.unwrap().map(|h| h.token().to_owned())),
        () = async { for _ in 0..1000 { tokio::task::yield_now().await } } => {}
    }
    shop.world.executions.answer(&root(), &token, Answer::Success("{}".into())).await.unwrap();
    assert_eq!(shop.world.over(&shop.execution).await.status, Status::Succeeded);
}

#[tokio::test]
async fn a_task_that_nobody_waits_for_is_not_handed_out() {
    let shop = shop().await;
    shop.world.pass(std::time::Duration::from_secs(600));
    assert_eq!(shop.world.over(&shop.execution).await.end.unwrap().error.as_deref(), Some("States.Timeout"));
    let by = root();
    let asked = shop.world.executions.next_activity_task(&by, &shop.activity, None);
    tokio::select! {
        biased;
        handed = asked => panic!("{:?} is handed out", handed.unwrap().map(|h| h.token().to_owned())),
        () = async { for _ in 0..1000 { tokio::task::yield_now().await } } => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_activity_is_made_once() {
    let world = World::new().await;
    let make = |name: &str| {
        let name = name.to_owned();
        let executions = world.executions.clone();
        async move { executions.create_activity(&scope(), &root(), name, Default::default()).await }
    };
    let first = make("sew").await.unwrap();
    assert_eq!(make("sew").await.unwrap(), first);
    assert!(matches!(make("s&w").await, Err(Error::InvalidName(_))));
    let arn = first.arn().to_string();
    // From now on it is kept in mind that it is there, until it goes.
    world.executions.must_have_activity(&arn).await.unwrap();
    world.executions.delete_activity(&root(), &arn).await.unwrap();
    let gone = world.executions.next_activity_task(&root(), &arn, None).await;
    assert!(matches!(gone, Err(Error::NoActivity(_))));
}

/// Nobody can take a task of an activity that does not exist: it fails, and may be caught as any failure of a task.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_no_activity_fails() {
    let world = World::new().await;
    let missing = "arn:aws:states:us-east-1:000000000000:activity:gone";
    let seek = json!({
        "Type": "Task", "Resource": missing, "End": true,
        "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "caught"}],
    });
    let caught = json!({"Type": "Pass", "End": true});
    let arn = world.machine("shop", &machine(json!({"seek": seek, "caught": caught}))).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    let over = world.over(&execution).await;
    let output =
        json!({"Error": "ActivityDoesNotExist", "Cause": format!("Activity Does Not Exist: '{missing}'")});
    let shown: serde_json::Value = serde_json::from_str(&over.end.unwrap().output.unwrap()).unwrap();
    assert_eq!(shown, output);
    let failed = world.event(&execution, "ActivityScheduleFailed").await;
    assert_eq!(failed["activityScheduleFailedEventDetails"]["error"], "ActivityDoesNotExist");
}
