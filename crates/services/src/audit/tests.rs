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
