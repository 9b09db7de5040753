use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use trainyard_store::Store;

use super::*;
use crate::refusal::Refusal;

async fn room() -> (Identity, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(1_700_000_000_000));
    let clock = now.clone();
    let store = Store::in_memory().await.unwrap();
    let ground = Ground::with_clock(store, Arc::new(move || Timestamp(clock.load(Ordering::SeqCst))));
    (Identity::open(ground).await.unwrap(), now)
}

fn request() -> SessionRequest {
    SessionRequest {
        scope: Scope::default_scope(),
        role: "arn:aws:iam::000000000000:role/service/train".parse().unwrap(),
        name: "job one".to_owned(),
        lineage: Lineage { commit: Some("c0ffee".to_owned()), ..Lineage::default() },
        lifetime: Duration::from_secs(3600),
    }
}

#[tokio::test]
async fn the_first_key_is_made_once() {
    let (room, _) = room().await;
    let key = room.first_start().await.unwrap();
    assert_eq!(room.first_start().await.unwrap().id, key.id);
    let credential = room.credential(&key.id, None).await.unwrap();
    assert_eq!(credential.secret, key.secret);
    assert_eq!(credential.principal.arn.to_string(), "arn:aws:iam::000000000000:user/admin");
    assert!(!format!("{key:?}{credential:?}").contains(&key.secret));
}

#[tokio::test]
async fn a_session_carries_its_lineage_until_it_ends() {
    let (room, now) = room().await;
    let session = room.session(&request()).unwrap();
    let check = |room: Identity, session: Session| async move {
        room.credential(&session.access_key_id, Some(&session.session_token)).await
    };
    let credential = check(room.clone(), session.clone()).await.unwrap();
    assert_eq!(credential.secret, session.secret_access_key);
    assert_eq!(room.secret(&session.access_key_id).await.unwrap(), session.secret_access_key);
    assert_eq!(credential.principal.arn.to_string(), "arn:aws:sts::000000000000:assumed-role/train/job-one");
    assert_eq!(credential.principal.lineage.commit.as_deref(), Some("c0ffee"));
    now.fetch_add(3_600_000, Ordering::SeqCst);
    assert_eq!(check(room.clone(), session).await.unwrap_err().code(), "ExpiredToken");
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_refused() {
    let (room, _) = room().await;
    let (one, two) = (room.session(&request()).unwrap(), room.session(&request()).unwrap());
    let mut forged = one.session_token.clone();
    forged.replace_range(5..6, if &forged[5..6] == "A" { "B" } else { "A" });
    for (key, token) in [
        (&one.access_key_id, Some(forged.as_str())),
        (&one.access_key_id, Some(two.session_token.as_str())),
        (&one.access_key_id, Some("")),
        (&one.access_key_id, None),
        (&"AKIANOBODY".to_owned(), None),
    ] {
        assert_eq!(room.credential(key, token).await.unwrap_err().code(), "InvalidClientTokenId");
    }
    let mut other = request();
    other.role = "arn:aws:iam::111111111111:role/train".parse().unwrap();
    assert_eq!(room.session(&other).unwrap_err().code(), "AccessDenied");
}

#[tokio::test]
async fn roles_and_policies_hold_on_to_each_other() {
    let (room, _) = room().await;
    let account = trainyard_domain::AccountId::default_account();
    let document = r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned();
    let new = NewRole { name: "r".to_owned(), trust_policy: document.clone(), ..NewRole::default() };
    room.create_role(&account, new.clone()).await.unwrap();
    assert_eq!(room.create_role(&account, new).await.unwrap_err().code(), "EntityAlreadyExists");
    let new = NewPolicy { name: "p".to_owned(), document: document.clone(), ..NewPolicy::default() };
    let policy = room.create_policy(&account, new).await.unwrap();
    for _ in 0..2 {
        room.attach_policy(&account, "r", &policy.arn).await.unwrap();
    }
    assert_eq!(room.delete_policy(&account, &policy.arn).await.unwrap_err().code(), "DeleteConflict");
    assert_eq!(room.delete_role(&account, "r").await.unwrap_err().code(), "DeleteConflict");
    room.detach_policy(&account, "r", &policy.arn).await.unwrap();
    room.put_role_policy(&account, "r", "in", document).await.unwrap();
    assert_eq!(room.delete_role(&account, "r").await.unwrap_err().code(), "DeleteConflict");
    room.delete_role_policy(&account, "r", "in").await.unwrap();
    room.delete_role(&account, "r").await.unwrap();
    room.delete_policy(&account, &policy.arn).await.unwrap();
    assert_eq!(room.role(&account, "r").await.unwrap_err().code(), "NoSuchEntity");
    let bad = NewPolicy { name: "p".to_owned(), document: "[]".to_owned(), ..NewPolicy::default() };
    assert_eq!(room.create_policy(&account, bad).await.unwrap_err().code(), "MalformedPolicyDocument");
}

fn tags(pairs: &[(&str, &str)]) -> Vec<Tag> {
    let tag = |(key, value): &(&str, &str)| Tag { key: (*key).to_owned(), value: (*value).to_owned() };
    pairs.iter().map(tag).collect()
}

#[tokio::test]
async fn roles_are_changed_in_their_places() {
    let (room, _) = room().await;
    let account = trainyard_domain::AccountId::default_account();
    let document = r#"{"Statement":[]}"#.to_owned();
    let new = NewRole { name: "r".to_owned(), trust_policy: document.clone(), ..NewRole::default() };
    let made = room.create_role(&account, new).await.unwrap();
    let other = r#"{"Statement":{}}"#.to_owned();
    room.update_trust_policy(&account, "r", other.clone()).await.unwrap();
    let no = room.update_trust_policy(&account, "r", "{}".to_owned()).await.unwrap_err();
    assert_eq!(no.code(), "MalformedPolicyDocument");
    room.update_role(&account, "r", (Some("what for".to_owned()), None)).await.unwrap();
    room.update_role(&account, "r", (None, Some(7200))).await.unwrap();
    for wrong in [(None, Some(3599)), (Some("x".repeat(1001)), None), (Some("\u{1}".to_owned()), None)] {
        let refused = room.update_role(&account, "r", wrong).await.unwrap_err();
        assert_eq!(refused.code(), "ValidationError");
    }
    let role = room.role(&account, "r").await.unwrap();
    assert_eq!((role.trust_policy, role.max_session_seconds), (other, 7200));
    assert_eq!((role.description.as_deref(), role.role_id), (Some("what for"), made.role_id));
    let none = room.update_role(&account, "none", (None, None)).await.unwrap_err();
    assert_eq!(none.code(), "NoSuchEntity");
}

#[tokio::test]
async fn a_tags_key_is_there_once_however_it_is_written() {
    let (room, _) = room().await;
    let account = trainyard_domain::AccountId::default_account();
    let document = r#"{"Statement":[]}"#.to_owned();
    let new = NewRole { name: "r".to_owned(), trust_policy: document.clone(), ..NewRole::default() };
    room.create_role(&account, new.clone()).await.unwrap();
    room.tag_role(&account, "r", tags(&[("Team", "ml"), ("é q", "")])).await.unwrap();
    room.tag_role(&account, "r", tags(&[("team", "ops"), ("c", "d")])).await.unwrap();
    let all = async || room.role(&account, "r").await.unwrap().tags;
    assert_eq!(all().await, tags(&[("team", "ops"), ("é q", ""), ("c", "d")]));
    room.untag_role(&account, "r", &["TEAM".to_owned(), "none".to_owned()]).await.unwrap();
    assert_eq!(all().await, tags(&[("é q", ""), ("c", "d")]));
    let (long, longer) = ("k".repeat(128), "k".repeat(129));
    let value = "v".repeat(256);
    room.tag_role(&account, "r", tags(&[(&long, &value)])).await.unwrap();
    for (wrong, code) in [
        (tags(&[("a", "1"), ("A", "2")]), "InvalidInput"),
        (tags(&[("AWS:x", "1")]), "InvalidInput"),
        (tags(&[(&longer, "1")]), "ValidationError"),
        (tags(&[("", "1")]), "ValidationError"),
        (tags(&[("a", &(value + "v"))]), "ValidationError"),
        (tags(&[("a{", "1")]), "ValidationError"),
        (vec![tags(&[("a", "1")]).remove(0); 51], "ValidationError"),
    ] {
        assert_eq!(room.tag_role(&account, "r", wrong.clone()).await.unwrap_err().code(), code);
        let new = NewRole { name: "s".to_owned(), tags: wrong, ..new.clone() };
        assert_eq!(room.create_role(&account, new).await.unwrap_err().code(), code);
    }
    let many: Vec<Tag> = (0..47).map(|n| Tag { key: format!("n{n}"), value: String::new() }).collect();
    room.tag_role(&account, "r", many).await.unwrap();
    let more = room.tag_role(&account, "r", tags(&[("more", "")])).await.unwrap_err();
    assert_eq!((more.code(), all().await.len()), ("LimitExceeded", 50));
    room.tag_role(&account, "r", tags(&[("C", "e")])).await.unwrap();
}

#[tokio::test]
async fn policies_have_tags() {
    let (room, _) = room().await;
    let account = trainyard_domain::AccountId::default_account();
    let document = r#"{"Statement":[]}"#.to_owned();
    let new = NewPolicy { name: "p".to_owned(), document, tags: tags(&[("a", "b")]), ..NewPolicy::default() };
    let arn = room.create_policy(&account, new).await.unwrap().arn;
    room.tag_policy(&account, &arn, tags(&[("A", "c"), ("d", "e")])).await.unwrap();
    room.untag_policy(&account, &arn, &["D".to_owned()]).await.unwrap();
    assert_eq!(room.policy(&account, &arn).await.unwrap().tags, tags(&[("A", "c")]));
    let other = "arn:aws:iam::000000000000:policy/x/p".parse().unwrap();
    assert_eq!(room.tag_policy(&account, &other, vec![]).await.unwrap_err().code(), "NoSuchEntity");
    assert_eq!(room.untag_policy(&account, &other, &[]).await.unwrap_err().code(), "NoSuchEntity");
}

#[tokio::test]
async fn passwords_and_tickets() {
    let (room, now) = room().await;
    let key = room.first_start().await.unwrap();
    let session = room.session(&request()).unwrap();
    let both = format!("{}:{}", session.secret_access_key, session.session_token);
    assert!(room.login(&key.id, &key.secret).await.is_ok());
    assert!(room.login(&session.access_key_id, &both).await.is_ok());
    for (id, password) in [(&key.id, "x"), (&session.access_key_id, &session.session_token), (&key.id, &both)]
    {
        assert_eq!(room.login(id, password).await.unwrap_err().code(), "InvalidClientTokenId");
    }
    let principal = room.unchecked("111111111111", None);
    assert_eq!(principal.account.as_str(), "111111111111");
    let (ticket, _) = room.ticket(&principal, "ecr", Duration::from_secs(60)).unwrap();
    assert_eq!(room.admit(&ticket, "ecr").unwrap(), principal);
    assert!(room.admit(&ticket, "git").is_err());
    now.fetch_add(60_000, Ordering::SeqCst);
    assert_eq!(room.admit(&ticket, "ecr").unwrap_err().code(), "ExpiredToken");
}
