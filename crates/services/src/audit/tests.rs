use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use trainyard_domain::Scope;

use super::*;

#[tokio::test]
async fn what_is_noted_is_listed_latest_first() {
    let ground = Ground::new(Store::in_memory().await.unwrap());
    let by = Principal::root(&Scope::default_scope());
    for action in ["states:StartExecution", "states:StopExecution"] {
        let mut changes = Changes::new();
        note(&mut changes, &ground, &by, action, "arn:x").unwrap();
        ground.store.commit(changes).await.unwrap();
    }
    let mut changes = Changes::new();
    note_given_up(&mut changes, &ground, &by, ("events:Deliver", "arn:y"), "too old").unwrap();
    ground.store.commit(changes).await.unwrap();

    let always = (Timestamp(0), Timestamp(i64::MAX));
    let (acts, next) = list(&ground.store, &by.account, always, None).await.unwrap();
    let shown: Vec<_> = acts.iter().map(|act| (act.action.as_str(), act.resource.as_str())).collect();
    let noted =
        [("events:Deliver", "arn:y"), ("states:StopExecution", "arn:x"), ("states:StartExecution", "arn:x")];
    assert_eq!((shown.as_slice(), next), (noted.as_slice(), None));
    assert_eq!(acts[0].outcome, Outcome::GivenUp("too old".into()));
    let later = (Timestamp(acts[0].at.millis() + 1), Timestamp(i64::MAX));
    assert_eq!(list(&ground.store, &by.account, later, None).await.unwrap(), (vec![], None));
}

#[tokio::test]
async fn what_is_old_is_let_go_of() {
    const DAY: i64 = 24 * 3600 * 1000;
    let today = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&today);
    let store = Store::in_memory().await.unwrap();
    let ground = Ground::with_clock(store, Arc::new(move || Timestamp(clock.load(Ordering::Relaxed))));
    let by = Principal::root(&Scope::default_scope());
    for day in [0, 99, 101, 450] {
        today.store(day * DAY, Ordering::Relaxed);
        let mut changes = Changes::new();
        note(&mut changes, &ground, &by, "states:StartExecution", format!("arn:{day}")).unwrap();
        ground.store.commit(changes).await.unwrap();
    }
    today.store(500 * DAY, Ordering::Relaxed);
    prune(&ground).await.unwrap();
    prune(&ground).await.unwrap();
    let always = (Timestamp(0), Timestamp(i64::MAX));
    let (acts, _) = list(&ground.store, &by.account, always, None).await.unwrap();
    let left: Vec<_> = acts.iter().map(|act| act.resource.as_str()).collect();
    assert_eq!(left, ["arn:450", "arn:101"]);
}

#[tokio::test]
async fn all_pages_are_all_acts() {
    let ground = Ground::new(Store::in_memory().await.unwrap());
    let by = Principal::root(&Scope::default_scope());
    let many = 2 * PAGE + 1;
    let mut changes = Changes::new();
    for number in 0..many {
        note(&mut changes, &ground, &by, "states:StartExecution", number).unwrap();
    }
    ground.store.commit(changes).await.unwrap();
    let (always, mut shown, mut after) = ((Timestamp(0), Timestamp(i64::MAX)), Vec::new(), None);
    loop {
        let (acts, next) = list(&ground.store, &by.account, always, after).await.unwrap();
        shown.extend(acts.into_iter().map(|act| act.resource));
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(shown, (0..many).rev().map(|number| number.to_string()).collect::<Vec<_>>());
}
