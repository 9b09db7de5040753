//! Calls of real senders come in, one after the other and all at once.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use trainyard_domain::{
    Event, Kind, Principal, Scope, Timestamp,
    hook::{Heard, HookCall, HookError},
};
use trainyard_drivers::sources;
use trainyard_store::Store;

use super::*;
use crate::{bus::EVENTS, refusal::Refusal};

struct House {
    hooks: Hooks,
    ground: Ground,
    clock: Arc<AtomicI64>,
    scope: Scope,
    by: Principal,
}

impl House {
    async fn new() -> Self {
        let clock = Arc::new(AtomicI64::new(1_700_000_000_000));
        let hands = clock.clone();
        let now = Arc::new(move || Timestamp(hands.load(Ordering::SeqCst)));
        let ground = Ground::with_clock(Store::in_memory().await.unwrap(), now);
        let scope = Scope::default_scope();
        let hooks = Hooks::new(ground.clone(), Bus::new(ground.clone()), sources::all());
        Self { hooks, ground, clock, by: Principal::root(&scope), scope }
    }

    async fn hook(&self, name: &str, kind: &str) -> (WebHook, String) {
        self.hooks.create(&self.scope, &self.by, (name, kind), None).await.unwrap()
    }

    fn pass(&self, hours: i64) {
        self.clock.fetch_add(hours * 3_600_000, Ordering::SeqCst);
    }

    /// The events that wait to be matched.
    async fn told(&self) -> Vec<Event> {
        let due = self.ground.store.due(EVENTS, self.ground.now(), 10_000).await.unwrap();
        due.iter().map(|item| serde_json::from_str(&item.body).unwrap()).collect()
    }
}

fn push(delivery: &str, secret: &str) -> Incoming {
    let body = json!({
        "ref": "refs/heads/main", "before": "1".repeat(40), "after": "2".repeat(40),
        "repository": {"full_name": "team/train", "clone_url": "https://github.com/team/train.git",
                       "html_url": "https://github.com/team/train"},
    });
    let body = body.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let headers = [
        ("x-github-event", "push".to_owned()),
        ("x-github-delivery", delivery.to_owned()),
        ("x-hub-signature-256", format!("sha256={digits}")),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    Incoming { headers: headers.into(), body: body.into() }
}

/// A call of the house's own kind, at the moment when a house is new.
fn signed(body: &str, secret: &str) -> Incoming {
    let (id, seconds) = ("d", "1700000000");
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let headers =
        [("webhook-id", id), ("webhook-timestamp", seconds), ("webhook-signature", signature.as_str())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Incoming { headers: headers.into(), body: body.to_owned().into() }
}

fn images(ids: &[&str], secret: &str) -> Incoming {
    let event = |id: &&str| {
        json!({"id": id, "action": "push", "target": {"mediaType": "application/vnd.oci.image.manifest.v1+json",
               "digest": format!("sha256:{id}"), "repository": "train"}})
    };
    let body = json!({"events": ids.iter().map(event).collect::<Vec<_>>()}).to_string();
    Incoming { headers: vec![("authorization".into(), format!("Bearer {secret}"))], body: body.into() }
}

#[tokio::test]
async fn a_delivery_is_told_once_in_72_hours() {
    let house = House::new().await;
    let (hook, secret) = house.hook("ours", "github").await;
    let first = house.hooks.receive(&hook, &push("a", &secret)).await.unwrap();
    house.pass(71);
    assert_eq!(house.hooks.prune().await.unwrap(), 0);
    let again = house.hooks.receive(&hook, &push("a", &secret)).await.unwrap();
    assert_eq!(again, first, "whoever sends it again hears what became of it");
    let other = house.hooks.receive(&hook, &push("b", &secret)).await.unwrap();
    let told = house.told().await;
    assert_eq!(told.iter().map(|event| &event.id).collect::<Vec<_>>(), [&first.events[0], &other.events[0]]);
    assert_eq!((told[0].source.as_str(), told[0].bus.as_str()), ("trainyard", "default"));
    house.pass(2);
    assert_eq!(house.hooks.prune().await.unwrap(), 1, "what is old enough is let go of, and no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_at_once_are_told_once() {
    let house = House::new().await;
    let (hook, secret) = house.hook("ours", "github").await;
    let calls = (0..1000).map(|_| {
        let (hooks, hook, call) = (house.hooks.clone(), hook.clone(), push("a", &secret));
        tokio::spawn(async move { hooks.receive(&hook, &call).await.unwrap() })
    });
    let receipts = futures::future::try_join_all(calls).await.unwrap();
    let told = house.told().await;
    assert_eq!(told.len(), 1);
    assert!(receipts.iter().all(|receipt| receipt.events == [told[0].id.clone()]));
}

#[tokio::test]
async fn what_is_not_signed_does_nothing() {
    let house = House::new().await;
    let (hook, secret) = house.hook("ours", "github").await;
    let error = house.hooks.receive(&hook, &push("a", "other")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Forbidden);
    assert!(house.told().await.is_empty());
    // The delivery was not used up.
    house.hooks.receive(&hook, &push("a", &secret)).await.unwrap();
    assert_eq!(house.told().await.len(), 1);
    for delivery in ["", "a b", &"x".repeat(201)] {
        let error = house.hooks.receive(&hook, &push(delivery, &secret)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid, "{delivery}");
    }
    assert_eq!(house.told().await.len(), 1);
}

/// What could not be read back when it is delivered.
#[tokio::test]
async fn what_is_nested_too_deeply_is_refused() {
    let house = House::new().await;
    let (hook, secret) = house.hook("ours", "signed").await;
    for (levels, told) in [(90, 1), (110, 1)] {
        let body = format!("{}{{}}{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        let came = house.hooks.receive(&hook, &signed(&body, &secret)).await;
        assert_eq!(came.err().map(|error| error.kind()), (levels == 110).then_some(Kind::Invalid));
        assert_eq!(house.told().await.len(), told);
    }
}

#[tokio::test]
async fn of_several_events_those_are_told_that_were_not() {
    let house = House::new().await;
    let (hook, secret) = house.hook("images", "registry").await;
    house.hooks.receive(&hook, &images(&["1", "2", "2"], &secret)).await.unwrap();
    house.hooks.receive(&hook, &images(&["2", "3"], &secret)).await.unwrap();
    let told: Vec<_> =
        house.told().await.into_iter().map(|event| event.detail["image-digest"].clone()).collect();
    assert_eq!(told, ["sha256:1", "sha256:2", "sha256:3"]);
}

#[tokio::test]
async fn a_secret_gives_way_to_another() {
    let house = House::new().await;
    let (hook, old) = house.hook("ours", "github").await;
    let grace = Duration::from_secs(3600);
    let (_, new) = house.hooks.rotate(&house.scope, &house.by, "ours", grace).await.unwrap();
    house.hooks.receive(&hook, &push("a", &old)).await.unwrap();
    house.hooks.receive(&hook, &push("b", &new)).await.unwrap();
    house.pass(1);
    assert!(house.hooks.receive(&hook, &push("c", &old)).await.is_err());
    let (_, newest) = house.hooks.rotate(&house.scope, &house.by, "ours", Duration::ZERO).await.unwrap();
    assert!(house.hooks.receive(&hook, &push("c", &new)).await.is_err(), "refused at once");
    house.hooks.receive(&hook, &push("c", &newest)).await.unwrap();
    let month = Duration::from_secs(30 * 24 * 3600);
    assert!(house.hooks.rotate(&house.scope, &house.by, "ours", month).await.is_err());
}

#[tokio::test]
async fn a_hook_is_its_accounts_own() {
    let house = House::new().await;
    let (hook, secret) = house.hook("ours", "github").await;
    let strange = Scope { account: "111122223333".parse().unwrap(), region: house.scope.region.clone() };
    let they = Principal::root(&strange);
    let refused = [
        house.hooks.create(&strange, &they, ("ours", "github"), None).await.unwrap_err(),
        house.hooks.rotate(&strange, &they, "ours", Duration::ZERO).await.unwrap_err(),
        house.hooks.delete(&strange, &they, "ours").await.unwrap_err(),
    ];
    assert_eq!(refused.map(|error| error.kind()), [Kind::Exists, Kind::NotFound, Kind::NotFound]);
    assert!(house.hooks.list(&strange, None).await.unwrap().0.is_empty());
    assert_eq!(house.hooks.list(&house.scope, None).await.unwrap().0, std::slice::from_ref(&hook));
    house.hooks.delete(&house.scope, &house.by, "ours").await.unwrap();
    assert!(
        house.hooks.receive(&hook, &push("a", &secret)).await.is_err(),
        "a call on its way is refused too"
    );
    assert_eq!(house.hooks.find("ours").await.unwrap_err().kind(), Kind::NotFound);
    // Another of its name knows nothing of its deliveries.
    let (again, secret) = house.hooks.create(&strange, &they, ("ours", "github"), None).await.unwrap();
    house.hooks.receive(&again, &push("a", &secret)).await.unwrap();
    assert_eq!(house.told().await[0].scope, strange);
}

#[tokio::test]
async fn what_cannot_be_a_hook_is_refused() {
    let house = House::new().await;
    let make = async |name: &str, kind: &str, bus: Option<&str>| {
        house.hooks.create(&house.scope, &house.by, (name, kind), bus).await.unwrap_err()
    };
    for name in ["", "-a", "A", "a/b", "a.b", "ü", &"a".repeat(65)] {
        assert_eq!(make(name, "github", None).await.kind(), Kind::Invalid, "{name}");
    }
    assert!(make("a", "gitlab", None).await.to_string().contains("github, registry, signed"));
    assert_eq!(make("a", "github", Some("nowhere")).await.kind(), Kind::NotFound);
}

#[tokio::test]
async fn events_are_told_on_the_hooks_bus() {
    let house = House::new().await;
    let bus = Bus::new(house.ground.clone());
    let team = bus.describe_bus(&house.scope, None).await.unwrap();
    bus.create_bus(&house.by, crate::bus::EventBus { name: "team".to_owned(), ..team }).await.unwrap();
    let made = house.hooks.create(&house.scope, &house.by, ("ours", "github"), Some("team")).await;
    let (hook, secret) = made.unwrap();
    house.hooks.receive(&hook, &push("a", &secret)).await.unwrap();
    assert_eq!(house.told().await[0].bus, "team");
}

/// A kind whose reading goes on until somebody else has done something.
struct Slow(std::sync::Mutex<std::sync::mpsc::Receiver<()>>);

impl ports::Hook for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn secret(&self, _: &[u8; 32]) -> String {
        "secret".to_owned()
    }

    fn advice(&self) -> &'static str {
        ""
    }

    fn read(&self, call: &HookCall<'_>) -> Result<Heard, HookError> {
        let patience = Duration::from_secs(20);
        self.0.lock().unwrap().recv_timeout(patience).expect("others are answered meanwhile");
        Ok(Heard { remark: Some(call.body.len().to_string()), ..Heard::default() })
    }
}

/// On a runtime with one thread: it would never be said that the reading may end.
#[tokio::test]
async fn a_long_body_keeps_nobody_waiting() {
    let house = House::new().await;
    let (go, waits) = std::sync::mpsc::channel();
    let hooks = Hooks { kinds: [Arc::new(Slow(waits.into())) as Arc<dyn ports::Hook>].into(), ..house.hooks };
    let (hook, _) = hooks.create(&house.scope, &house.by, ("ours", "slow"), None).await.unwrap();
    let call = Incoming { headers: Vec::new(), body: vec![0; 1 << 20].into() };
    let others = async {
        hooks.find("ours").await.unwrap();
        go.send(()).unwrap();
    };
    let (receipt, ()) = futures::join!(hooks.receive(&hook, &call), others);
    assert_eq!(receipt.unwrap().remark.as_deref(), Some("1048576"));
}
