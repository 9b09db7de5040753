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
    let page = list(&ground.store, &by.account, always, None).await.unwrap();
    assert_eq!(page.items.len(), 3);
    assert!(page.items.windows(2).all(|pair| pair[0].value.at >= pair[1].value.at));
    let (of_y, _) = of(&ground.store, &by.account, "arn:y", None).await.unwrap();
    assert_eq!(of_y[0].outcome, Outcome::GivenUp("too old".into()));
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
    assert_eq!(prune(&ground).await.unwrap(), 2);
    assert_eq!(prune(&ground).await.unwrap(), 0);
    let page = list(&ground.store, &by.account, (Timestamp(0), Timestamp(i64::MAX)), None).await.unwrap();
    let left: Vec<_> = page.items.iter().map(|held| held.value.resource.as_str()).collect();
    assert_eq!(left, ["arn:450", "arn:101"]);
}
