use serde_json::json;
use trainyard_domain::event::Way;
use trainyard_store::Store;

use super::*;
use crate::{bus::Listener, refusal::Refusal};

fn asked(event: &str) -> Event {
    Event {
        id: event.to_owned(),
        scope: Scope::default_scope(),
        bus: "default".into(),
        time: Timestamp(1_700_000_000_000),
        source: "deploy".into(),
        detail_type: REQUESTED.into(),
        way: Way::default(),
        resources: vec!["arn:aws:states:us-east-1:000000000000:execution:deploy:x".into()],
        detail: json!({"title": "to prod?", "taskToken": "s3cret", "mse": 0.1}),
    }
}

async fn room() -> (Approvals, Ears, Scope, Principal) {
    let approvals = Approvals::new(Ground::new(Store::in_memory().await.unwrap()));
    let scope = Scope::default_scope();
    (approvals.clone(), Ears(approvals), scope.clone(), Principal::root(&scope))
}

#[tokio::test]
async fn a_question_is_kept_once_without_showing_its_token() {
    let (approvals, ears, scope, _) = room().await;
    let event = asked("e1");
    assert!(ears.wants(&event));
    ears.hear(&event).await.unwrap();
    ears.hear(&event).await.unwrap();
    ears.hear(&asked("e2")).await.unwrap();
    let (pending, _) = approvals.list(&scope, Some(Status::Pending), None).await.unwrap();
    assert_eq!(pending.len(), 2);
    let question = pending.iter().find(|q| q.event == "e1").unwrap();
    assert_eq!((question.title.as_str(), question.token()), ("to prod?", "s3cret"));
    assert_eq!(question.detail, json!({"title": "to prod?", "mse": 0.1}));
    assert_eq!(question.execution.as_deref(), Some(event.resources[0].as_str()));
    assert_eq!((question.id.len(), &question.id[5..6]), (11, "-"));
    assert!(!format!("{question:?}").contains("s3cret"));
}

#[tokio::test]
async fn an_answer_is_told_and_a_second_one_refused() {
    let (approvals, ears, scope, by) = room().await;
    ears.hear(&asked("e1")).await.unwrap();
    let (mut pending, _) = approvals.list(&scope, None, None).await.unwrap();
    let id = pending.remove(0).id;
    let comment = Some("looks good".to_owned());
    let answered = approvals.answer(&scope, &by, (&id, true), comment).await.unwrap();
    assert_eq!(answered.status, Status::Approved);
    let told = approvals.ground.store.due(bus::EVENTS, Timestamp(i64::MAX), 10).await.unwrap();
    assert!(told[0].body.contains(ANSWERED) && !told[0].body.contains("s3cret"), "{told:?}");
    let second = approvals.answer(&scope, &by, (&id, false), None).await.unwrap_err();
    assert_eq!(second.kind(), trainyard_domain::Kind::Conflict);
    assert!(second.to_string().contains("Approved"), "{second}");
    assert_eq!(
        approvals.get(&scope, &id).await.unwrap().answer.unwrap().comment.as_deref(),
        Some("looks good")
    );
    assert_eq!(approvals.get(&scope, "nobody").await.unwrap_err().kind(), trainyard_domain::Kind::NotFound);
}

#[tokio::test]
async fn a_question_expires_when_its_token_is_closed() {
    let (approvals, ears, scope, by) = room().await;
    ears.hear(&asked("e1")).await.unwrap();
    let detail = json!({"tokenDigest": token_digest("s3cret")});
    let closed =
        Event { source: "trainyard".into(), detail_type: TOKEN_CLOSED.into(), detail, ..asked("e2") };
    assert!(ears.wants(&closed));
    ears.hear(&closed).await.unwrap();
    let (expired, _) = approvals.list(&scope, Some(Status::Expired), None).await.unwrap();
    let late = approvals.answer(&scope, &by, (&expired[0].id, true), None).await.unwrap_err();
    assert!(late.to_string().contains("expired"), "{late}");
}
