//! Schedules in a time of their own.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use trainyard_domain::Timestamp;
use trainyard_store::Store;

use super::*;
use crate::refusal::Refusal;

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:train";
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:letters";
/// 2023-11-14T22:13:20Z.
const NOW: i64 = 1_700_000_000_000;
const MINUTE: i64 = 60_000;

/// A schedule of a state machine.
pub(super) fn spec(name: &str, expression: &str) -> ScheduleSpec {
    serde_json::from_value(json!({
        "Name": name,
        "ScheduleExpression": expression,
        "Target": {"Arn": MACHINE, "RoleArn": "arn:aws:iam::000000000000:role/tests"},
        "FlexibleTimeWindow": {"Mode": "OFF"},
    }))
    .unwrap()
}

/// A real caller of this test's own: it has every operation but one, and keeps what it is called with.
struct Desk {
    calls: mpsc::UnboundedSender<Call>,
    refuse: Mutex<Vec<CallError>>,
}

#[async_trait]
impl Caller for Desk {
    fn offers(&self, _: &str, action: &str) -> bool {
        action != "stopPipelines"
    }

    async fn call(&self, call: &Call) -> Result<(), CallError> {
        self.calls.send(call.clone()).unwrap();
        self.refuse.lock().unwrap().pop().map_or(Ok(()), Err)
    }
}

struct World {
    room: Schedules,
    desk: Arc<Desk>,
    calls: mpsc::UnboundedReceiver<Call>,
    clock: Arc<AtomicI64>,
    stop: CancellationToken,
    scope: Scope,
    by: Principal,
}

async fn world() -> World {
    let clock = Arc::new(AtomicI64::new(NOW));
    let hands = clock.clone();
    let now = Arc::new(move || Timestamp(hands.load(Ordering::SeqCst)));
    let ground = Ground::with_clock(Store::in_memory().await.unwrap(), now);
    let room = Schedules::new(ground.clone(), Identity::open(ground).await.unwrap());
    let (send, calls) = mpsc::unbounded_channel();
    let desk = Arc::new(Desk { calls: send, refuse: Mutex::default() });
    room.meet(desk.clone());
    let scope = Scope { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() };
    let by = Principal::root(&scope);
    World { room, desk, calls, clock, stop: CancellationToken::new(), scope, by }
}

impl World {
    async fn create(&self, spec: ScheduleSpec) -> Result<String, String> {
        let made = self.room.create(&self.scope, &self.by, spec).await;
        made.map(|arn| arn.to_string()).map_err(|error| format!("{} {error}", error.code()))
    }

    /// Starts the loops at this many milliseconds after [`NOW`]: the server was down before.
    fn come_up(&self, later: i64) -> tokio::task::JoinHandle<()> {
        self.clock.store(NOW + later, Ordering::SeqCst);
        let (room, stop) = (self.room.clone(), self.stop.clone());
        tokio::spawn(async move { room.watch(stop).await })
    }

    async fn next(&mut self) -> Call {
        let soon = Duration::from_secs(20);
        tokio::time::timeout(soon, self.calls.recv()).await.expect("nothing is called").unwrap()
    }

    /// Ends the loops; what was still to be called is not.
    async fn end(&mut self, loops: tokio::task::JoinHandle<()>) -> Vec<Call> {
        self.stop.cancel();
        loops.await.unwrap();
        self.stop = CancellationToken::new();
        std::iter::from_fn(|| self.calls.try_recv().ok()).collect()
    }

    async fn get(&self, name: &str) -> Result<Schedule, Error> {
        self.room.get(&self.scope, DEFAULT_GROUP, name).await
    }

    /// Waits until something is so, which the loops bring about after a call.
    async fn until_gone(&self, name: &str) {
        let gone = async {
            while self.get(name).await.is_ok() {
                tokio::task::yield_now().await
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.expect("it is still there");
    }
}

fn refusal(code: &str, retry: bool) -> CallError {
    CallError { code: code.to_owned(), message: "not now".to_owned(), retry }
}

#[tokio::test]
async fn a_time_that_was_missed_is_made_up_for_once() {
    let mut world = world().await;
    world.create(spec("often", "rate(5 minutes)")).await.unwrap();
    let loops = world.come_up(32 * MINUTE);
    let call = world.next().await;
    assert_eq!((call.service.as_str(), call.action.as_str()), ("sfn", "startExecution"));
    assert_eq!(call.input["StateMachineArn"], MACHINE);
    assert_eq!(call.input["Name"], call.token);
    let told: Value = serde_json::from_str(call.input["Input"].as_str().unwrap()).unwrap();
    assert_eq!(
        told["time"], "2023-11-14T22:43:20Z",
        "the last time that went by: 30 minutes after the first"
    );
    assert_eq!(told["resources"][0], "arn:aws:scheduler:us-east-1:000000000000:schedule/default/often");
    assert!(world.end(loops).await.is_empty(), "once");
    // The server goes down and comes up again before the next time, and at it.
    let loops = world.come_up(34 * MINUTE);
    assert!(world.end(loops).await.is_empty());
    let loops = world.come_up(35 * MINUTE);
    let next = world.next().await;
    assert_ne!(next.token, call.token);
    assert!(world.end(loops).await.is_empty());
}

#[tokio::test]
async fn what_is_older_than_its_patience_is_not_made_up_for() {
    let mut world = world().await;
    let mut patient = spec("once", "at(2023-11-14T22:20:00)");
    patient.target.retry_policy =
        Some(Retries { maximum_event_age_in_seconds: Some(60), maximum_retry_attempts: None });
    patient.target.dead_letter_config = Some(DeadLetters { arn: Some(QUEUE.to_owned()) });
    patient.action_after_completion = Some(Completion::Delete);
    world.create(patient).await.unwrap();
    let loops = world.come_up(30 * MINUTE);
    let letter = world.next().await;
    assert_eq!((letter.service.as_str(), letter.action.as_str()), ("sqs", "sendMessage"));
    let attribute = |name: &str| letter.input["MessageAttributes"][name]["StringValue"].clone();
    assert_eq!(attribute("EXHAUSTED_RETRY_CONDITION"), "MaximumEventAgeInSeconds");
    assert_eq!(attribute("SCHEDULED_TIME"), "2023-11-14T22:20:00Z");
    assert_eq!(attribute("TARGET_ARN"), MACHINE);
    assert_eq!(attribute("RETRY_ATTEMPTS"), "0");
    assert_eq!(letter.input["QueueUrl"], "https://sqs.us-east-1.amazonaws.com/000000000000/letters");
    world.until_gone("once").await;
    assert!(world.end(loops).await.is_empty());
}

#[tokio::test]
async fn a_call_that_fails_is_made_again_and_given_up_with_a_letter() {
    let mut world = world().await;
    let mut spec = spec("trying", "at(2023-11-14T22:14:00)");
    spec.target.arn = "arn:aws:scheduler:::aws-sdk:codebuild:startBuild".to_owned();
    spec.target.input = Some(
        r#"{"ProjectName": "<aws.scheduler.attempt-number> <aws.scheduler.scheduled-time>"}"#.to_owned(),
    );
    spec.target.retry_policy =
        Some(Retries { maximum_event_age_in_seconds: None, maximum_retry_attempts: Some(1) });
    spec.target.dead_letter_config = Some(DeadLetters { arn: Some(QUEUE.to_owned()) });
    world.create(spec).await.unwrap();
    *world.desk.refuse.lock().unwrap() = vec![refusal("Busy", true), refusal("Busy", true)];
    let loops = world.come_up(MINUTE);
    let first = world.next().await;
    assert_eq!(first.input["ProjectName"], "1 2023-11-14T22:14:00Z");
    // The pause before the second attempt goes by.
    let passing = world.clock.clone();
    let ticks = tokio::spawn(async move {
        loop {
            passing.fetch_add(500, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let second = world.next().await;
    assert_eq!(second.input["ProjectName"], "2 2023-11-14T22:14:00Z");
    assert_eq!(second.token, first.token, "the same call");
    assert_ne!(second.principal.arn, first.principal.arn, "another execution id");
    let letter = world.next().await;
    ticks.abort();
    let attribute = |name: &str| letter.input["MessageAttributes"][name]["StringValue"].clone();
    assert_eq!(attribute("ERROR_CODE"), "Busy");
    assert_eq!(attribute("EXHAUSTED_RETRY_CONDITION"), "MaximumRetryAttempts");
    assert_eq!(attribute("RETRY_ATTEMPTS"), "1");
    assert_eq!(attribute("IS_PAYLOAD_TRUNCATED"), "false");
    assert!(letter.input["MessageBody"].as_str().unwrap().contains("2023-11-14T22:14:00Z"));
    assert!(world.end(loops).await.is_empty());
}

/// An attempt that comes again is given what the one before it has begun, by its token: a name that is taken is then
/// somebody else's.
#[tokio::test]
async fn a_refusal_for_good_is_not_tried_again() {
    let mut world = world().await;
    let mut deleted = spec("a", "at(2023-11-14T22:14:00)");
    deleted.action_after_completion = Some(Completion::Delete);
    deleted.target.dead_letter_config = Some(DeadLetters { arn: Some(QUEUE.to_owned()) });
    for (minute, code) in [(1, "ExecutionAlreadyExists"), (3, "StateMachineDoesNotExist")] {
        *world.desk.refuse.lock().unwrap() = vec![refusal(code, false)];
        let at = format!("at(2023-11-14T22:{}:00)", 13 + minute);
        world.create(ScheduleSpec { schedule_expression: at, ..deleted.clone() }).await.unwrap();
        let loops = world.come_up(minute * MINUTE);
        assert_eq!(world.next().await.action, "startExecution");
        let letter = world.next().await;
        assert_eq!(letter.input["MessageAttributes"]["ERROR_CODE"]["StringValue"], code);
        world.until_gone("a").await;
        assert!(world.end(loops).await.is_empty(), "{code}");
    }
}

#[tokio::test]
async fn a_time_that_has_come_does_not_come_again_when_the_schedule_is_changed() {
    let mut world = world().await;
    let once = spec("once", "at(2023-11-14T22:14:00)");
    world.create(once.clone()).await.unwrap();
    let loops = world.come_up(MINUTE);
    assert_eq!(world.next().await.action, "startExecution");
    assert!(world.end(loops).await.is_empty());
    let changed = ScheduleSpec { description: Some("why".to_owned()), ..once.clone() };
    world.room.update(&world.scope, &world.by, changed).await.unwrap();
    let schedule = world.get("once").await.unwrap();
    assert_eq!(decide::first(&schedule, world.room.ground.now()).unwrap(), None);
    // Another time does come.
    let later = ScheduleSpec { schedule_expression: "at(2023-11-14T22:15:00)".to_owned(), ..once };
    world.room.update(&world.scope, &world.by, later).await.unwrap();
    let loops = world.come_up(2 * MINUTE);
    assert_eq!(world.next().await.action, "startExecution");
    assert!(world.end(loops).await.is_empty());
}

#[tokio::test]
async fn a_schedule_that_is_disabled_or_gone_calls_nothing() {
    let mut world = world().await;
    let flexible = |name: &str| {
        let window = Window { mode: Mode::Flexible, maximum_window_in_minutes: Some(60) };
        ScheduleSpec { flexible_time_window: window, ..spec(name, "at(2023-11-14T22:14:00)") }
    };
    world.create(flexible("gone")).await.unwrap();
    world.create(flexible("disabled")).await.unwrap();
    world.create(spec("kept", "at(2023-11-14T22:20:00)")).await.unwrap();
    let loops = world.come_up(MINUTE);
    // Both times are begun, their calls wait within the window.
    while world.get("gone").await.unwrap().last.is_none()
        || world.get("disabled").await.unwrap().last.is_none()
    {
        tokio::task::yield_now().await;
    }
    assert!(world.end(loops).await.is_empty());
    world.room.delete(&world.scope, &world.by, DEFAULT_GROUP, "gone").await.unwrap();
    let off = ScheduleSpec { state: Some(State::Disabled), ..flexible("disabled") };
    world.room.update(&world.scope, &world.by, off).await.unwrap();
    let loops = world.come_up(62 * MINUTE);
    let call = world.next().await;
    assert!(call.input["Input"].as_str().unwrap().contains("schedule/default/kept"), "{call:?}");
    assert!(world.end(loops).await.is_empty());
}

#[tokio::test]
async fn a_window_puts_the_call_off() {
    let mut world = world().await;
    for name in 0..20 {
        let window = Window { mode: Mode::Flexible, maximum_window_in_minutes: Some(10) };
        let spec = spec(&format!("s{name}"), "at(2023-11-14T22:14:00)");
        world.create(ScheduleSpec { flexible_time_window: window, ..spec }).await.unwrap();
    }
    // Within the first three of ten minutes come some, and by the end all.
    let loops = world.come_up(4 * MINUTE);
    let mut tokens = std::collections::HashSet::from([world.next().await.token]);
    let early = world.end(loops).await;
    assert!(early.len() < 19, "not all at once");
    tokens.extend(early.into_iter().map(|call| call.token));
    let loops = world.come_up(11 * MINUTE);
    while tokens.len() < 20 {
        assert!(tokens.insert(world.next().await.token), "twice");
    }
    assert!(world.end(loops).await.is_empty());
}

#[tokio::test]
async fn the_same_token_makes_the_same_schedule() {
    let world = world().await;
    let with =
        |token: &str| ScheduleSpec { client_token: Some(token.to_owned()), ..spec("a", "rate(1 day)") };
    let arn = world.create(with("t1")).await.unwrap();
    assert_eq!(world.create(with("t1")).await.unwrap(), arn);
    let exists = "ConflictException Schedule a already exists.".to_owned();
    assert_eq!(world.create(with("t2")).await, Err(exists.clone()));
    let other = ScheduleSpec { description: Some("other".to_owned()), ..with("t1") };
    assert_eq!(world.create(other).await, Err(exists));
    let group = |token: &str| (Vec::new(), Some(token.to_owned()));
    let (scope, by) = (&world.scope, &world.by);
    let arn = world.room.create_group(scope, by, "g", group("t1")).await.unwrap();
    assert_eq!(world.room.create_group(scope, by, "g", group("t1")).await.unwrap(), arn);
    assert!(world.room.create_group(scope, by, "g", group("t2")).await.is_err());
}

#[tokio::test]
async fn an_update_keeps_the_beat_of_a_rate() {
    let mut world = world().await;
    world.create(spec("a", "rate(10 minutes)")).await.unwrap();
    let loops = world.come_up(0);
    world.next().await;
    world.end(loops).await;
    world.clock.store(NOW + 4 * MINUTE, Ordering::SeqCst);
    let changed = ScheduleSpec { description: Some("changed".to_owned()), ..spec("a", "rate(10 minutes)") };
    world.room.update(&world.scope, &world.by, changed).await.unwrap();
    let loops = world.come_up(9 * MINUTE);
    assert!(world.end(loops).await.is_empty());
    let loops = world.come_up(10 * MINUTE);
    world.next().await;
    assert!(world.end(loops).await.is_empty());
}

#[tokio::test]
async fn a_group_goes_with_its_schedules() {
    let mut world = world().await;
    let group =
        |name: &str| ScheduleSpec { group_name: Some("g".to_owned()), ..spec(name, "rate(1 minute)") };
    assert_eq!(
        world.create(group("a")).await,
        Err("ResourceNotFoundException Schedule group g does not exist.".to_owned())
    );
    world.room.create_group(&world.scope, &world.by, "g", (Vec::new(), None)).await.unwrap();
    for name in ["a", "b", "c"] {
        world.create(group(name)).await.unwrap();
    }
    world.room.delete_group(&world.scope, &world.by, "g").await.unwrap();
    assert!(world.create(group("d")).await.unwrap_err().contains("is being deleted"));
    let loops = world.come_up(5 * MINUTE);
    let gone = async {
        while world.room.group(&world.scope, "g").await.is_ok() {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap();
    assert!(world.end(loops).await.is_empty(), "none of their times is begun");
    assert!(world.room.list(&world.scope, &Asked::default(), 10, None).await.unwrap().0.is_empty());
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_words() {
    let world = world().await;
    let check = async |change: &dyn Fn(&mut ScheduleSpec), expect: &str| {
        let mut spec = spec("a", "rate(1 day)");
        change(&mut spec);
        let refused = world.create(spec).await.expect_err(expect);
        assert!(refused.starts_with("ValidationException") && refused.contains(expect), "{refused}");
    };
    let arn = |arn: &'static str| move |spec: &mut ScheduleSpec| spec.target.arn = arn.to_owned();
    check(
        &|s| s.schedule_expression = "rate(1 week)".to_owned(),
        "Invalid Schedule Expression rate(1 week).",
    )
    .await;
    check(&|s| s.schedule_expression_timezone = Some("Mars/Olympus".to_owned()), "Mars/Olympus").await;
    check(&|s| s.name = "a b".to_owned(), "Value 'a b' at 'name'").await;
    check(&|s| s.name = "a".repeat(65), "less than or equal to 64").await;
    check(&|s| s.flexible_time_window.mode = Mode::Flexible, "MaximumWindowInMinutes").await;
    check(&|s| s.start_date = Some(Timestamp(NOW - 6 * MINUTE)), "cannot be earlier than 5 minutes ago")
        .await;
    check(&|s| s.end_date = Some(Timestamp(NOW - 1)), "EndDate").await;
    check(&|s| s.kms_key_arn = Some("key".to_owned()), "kmsKeyArn").await;
    check(&|s| s.target.role_arn = "role".to_owned(), "target.roleArn").await;
    check(&|s| s.target.role_arn = "arn:aws:iam::111111111111:role/x".to_owned(), "Cross-account").await;
    check(&|s| s.target.ecs_parameters = Some(json!({})), "EcsParameters").await;
    check(&|s| s.target.sqs_parameters = Some(spec::QueueParameters::default()), "SqsParameters").await;
    check(
        &|s| s.target.dead_letter_config = Some(DeadLetters { arn: Some(format!("{QUEUE}.fifo")) }),
        "target.deadLetterConfig.arn",
    )
    .await;
    check(
        &arn("arn:aws:lambda:us-east-1:000000000000:function:f"),
        "not of a kind that this server can start",
    )
    .await;
    check(&arn("arn:aws:states:us-east-1:111111111111:stateMachine:m"), "not of this account").await;
    check(
        &arn("arn:aws:events:us-east-1:000000000000:event-bus/default"),
        "EventBridgeParameters is required",
    )
    .await;
    check(&arn("arn:aws:sqs:us-east-1:000000000000:q.fifo"), "MessageGroupId").await;
    check(&arn("arn:aws:scheduler:::aws-sdk:sagemaker:stopPipelines"), "no such operation").await;
    check(&arn("arn:aws:scheduler:::aws-sdk:s3:getObject"), "only reads").await;
    check(&arn("arn:aws:scheduler:us-east-1::aws-sdk:s3:putObject"), "names a region").await;
    check(&arn("arn:aws:scheduler:::aws-sdk:s3"), "not of the form").await;
    check(&arn("nonsense"), "not an ARN").await;
}
