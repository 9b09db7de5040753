//! Calls as the systems make them, and calls as somebody else would.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use trainyard_domain::{
    Timestamp,
    hook::{Heard, HookCall, HookError},
    ports::Hook,
};

use super::{GitHub, Registry, Signed};

const SECRET: &str = "It's a Secret to Everybody";
/// The time of the specification's own example, in milliseconds.
const NOW: Timestamp = Timestamp(1_614_265_330_000);

fn read(
    kind: &dyn Hook,
    headers: &[(&str, &str)],
    body: &[u8],
    secrets: &[&str],
) -> Result<Heard, HookError> {
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let secrets: Vec<_> = secrets.iter().map(|secret| (*secret).into()).collect();
    kind.read(&HookCall { hook: "ours", headers: &headers, body, secrets: &secrets, now: NOW })
}

fn hex_hmac(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn github(event: &str, body: &Value) -> Result<Heard, HookError> {
    let body = body.to_string();
    let signature = format!("sha256={}", hex_hmac(body.as_bytes()));
    let headers = [
        ("x-hub-signature-256", signature.as_str()),
        ("x-github-event", event),
        ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
    ];
    read(&GitHub, &headers, body.as_bytes(), &["another", SECRET])
}

fn forbidden(found: Result<Heard, HookError>, part: &str) {
    match found {
        Err(HookError::Forbidden(why)) => assert!(why.contains(part), "{why}"),
        other => panic!("{other:?} is not refused"),
    }
}

fn malformed(found: Result<Heard, HookError>, part: &str) {
    match found {
        Err(HookError::Malformed(why)) => assert!(why.contains(part), "{why}"),
        other => panic!("{other:?} is not refused"),
    }
}

fn a_repository() -> Value {
    json!({"full_name": "team/train", "clone_url": "https://github.com/team/train.git",
           "html_url": "https://github.com/team/train"})
}

fn a_push() -> Value {
    json!({
        "ref": "refs/heads/main", "before": "1".repeat(40), "after": "2".repeat(40), "forced": false,
        "repository": a_repository(), "sender": {"login": "ann", "id": 583_231}, "pusher": {"name": "a"},
        "head_commit": {"message": "tune it"},
        "commits": [{"added": ["b.py"], "removed": [], "modified": ["a.py"]},
                    {"added": [], "removed": ["c.py"], "modified": ["a.py"]}],
    })
}

/// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation>
#[test]
fn githubs_own_example_is_signed() {
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let headers =
        [("x-hub-signature-256", signature), ("x-github-event", "ping"), ("x-github-delivery", "1")];
    // The signature is good, and then the body is no JSON.
    malformed(
        read(&GitHub, &headers, b"Hello, World!", &[SECRET]),
        "no JSON: expected value at line 1 column 1",
    );
    forbidden(read(&GitHub, &headers, b"Hello, World?", &[SECRET]), "not that of this body");
    forbidden(read(&GitHub, &headers, b"Hello, World!", &["other"]), "not that of this body");
    forbidden(read(&GitHub, &headers, b"Hello, World!", &[]), "not that of this body");
}

#[test]
fn a_push_is_told() {
    let heard = github("push", &a_push()).unwrap();
    let [notice] = &heard.notices[..] else { panic!("{heard:?}") };
    assert_eq!((notice.source.as_str(), notice.detail_type.as_str()), ("trainyard", "Git Push"));
    assert_eq!(notice.delivery, "72d3162e-cc78-11e3-81ab-4c9367dc0958");
    assert_eq!(notice.resources, ["https://github.com/team/train"]);
    let expect = json!({
        "host": "github.com", "repository": "team/train", "url": "https://github.com/team/train.git",
        "ref": "refs/heads/main", "branch": "main", "event": "updated", "before": "1".repeat(40),
        "after": "2".repeat(40), "forced": false, "pusher": "ann", "pusher-id": "583231", "message": "tune it",
        "files": ["a.py", "b.py", "c.py"], "files-omitted": 0, "hook": "ours",
    });
    assert_eq!(notice.detail, expect);
}

#[test]
fn a_branch_or_tag_comes_and_goes() {
    let mut push = a_push();
    push["ref"] = json!("refs/tags/v1");
    push["before"] = json!("0".repeat(40));
    let detail = &github("push", &push).unwrap().notices[0].detail;
    assert_eq!((&detail["tag"], &detail["event"]), (&json!("v1"), &json!("created")));
    assert!(detail.get("before").is_none() && detail.get("branch").is_none());
    push["after"] = json!("0".repeat(40));
    push["before"] = json!("1".repeat(40));
    push["head_commit"] = Value::Null;
    let detail = &github("push", &push).unwrap().notices[0].detail;
    assert_eq!(detail["event"], "deleted");
    assert!(detail.get("after").is_none() && detail.get("message").is_none());
}

#[test]
fn names_of_files_have_a_bound() {
    let mut push = a_push();
    let names: Vec<_> = (0..1000).map(|n| format!("{n:0>100}")).collect();
    push["commits"][0]["added"] = json!(names);
    let detail = &github("push", &push).unwrap().notices[0].detail;
    let (told, omitted) =
        (detail["files"].as_array().unwrap().len(), detail["files-omitted"].as_u64().unwrap());
    assert!(told > 600 && omitted > 300, "{told} {omitted}");
    assert_eq!(told as u64 + omitted, 1002);
}

#[test]
fn a_pull_request_is_told() {
    let mut body = json!({
        "action": "opened", "repository": a_repository(), "sender": {"login": "ben", "id": 7},
        "pull_request": {
            "number": 12, "title": "Tune", "merged": false, "draft": true, "merge_commit_sha": "3",
            "html_url": "https://github.com/team/train/pull/12", "user": {"login": "ann"},
            "head": {"ref": "tune", "sha": "2", "repo": {"full_name": "ann/train"}},
            "base": {"ref": "main", "sha": "1"}, "labels": [{"name": "train"}],
        },
    });
    let heard = github("pull_request", &body).unwrap();
    assert_eq!(heard.notices[0].detail_type, "Git Pull Request");
    let expect = json!({
        "host": "github.com", "repository": "team/train", "url": "https://github.com/team/train.git",
        "action": "opened", "event": "created", "number": 12, "title": "Tune", "merged": false, "draft": true,
        "head-branch": "tune", "head-commit": "2", "head-repository": "ann/train", "base-branch": "main",
        "base-commit": "1", "labels": ["train"], "author": "ann", "actor": "ben", "actor-id": "7",
        "link": "https://github.com/team/train/pull/12", "hook": "ours",
    });
    assert_eq!(heard.notices[0].detail, expect);
    body["action"] = json!("closed");
    assert_eq!(github("pull_request", &body).unwrap().notices[0].detail["event"], "closed");
    body["pull_request"]["merged"] = json!(true);
    let detail = &github("pull_request", &body).unwrap().notices[0].detail;
    assert_eq!((&detail["event"], &detail["merge-commit"]), (&json!("merged"), &json!("3")));
    body["action"] = json!("labeled");
    let detail = &github("pull_request", &body).unwrap().notices[0].detail;
    assert!(detail.get("event").is_none(), "CodeBuild knows no such event");
}

#[test]
fn what_github_tells_beside_is_acknowledged() {
    for (event, part) in [("ping", "ping"), ("star", "`star` are not told")] {
        let heard = github(event, &json!({"zen": "Keep it logically awesome."})).unwrap();
        assert!(heard.notices.is_empty() && heard.remark.unwrap().contains(part));
    }
}

#[test]
fn forms_are_read() {
    let body = format!(
        "payload={}",
        url::form_urlencoded::byte_serialize(a_push().to_string().as_bytes()).collect::<String>()
    );
    let signature = format!("sha256={}", hex_hmac(body.as_bytes()));
    let headers = [
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("x-hub-signature-256", &signature),
        ("x-github-event", "push"),
        ("x-github-delivery", "d"),
    ];
    let heard = read(&GitHub, &headers, body.as_bytes(), &[SECRET]).unwrap();
    assert_eq!(heard.notices[0].detail["message"], "tune it");
}

#[test]
fn what_is_missing_is_named() {
    let without = |path: &str| {
        let mut push = a_push();
        let (parent, member) = path.rsplit_once('/').unwrap();
        push.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(member);
        github("push", &push)
    };
    malformed(without("/ref"), "the member `ref` is missing");
    malformed(without("/repository/clone_url"), "the member `repository.clone_url` is missing");
    let with = |path: &str, value: Value| {
        let mut push = a_push();
        *push.pointer_mut(path).unwrap() = value;
        github("push", &push)
    };
    malformed(with("/commits/1/removed", json!([1])), "the member `commits[1].removed[0]` is no text");
    malformed(with("/commits", json!({})), "the member `commits` is no list");
    malformed(with("/after", json!(1)), "the member `after` is no text");
    malformed(with("/repository/clone_url", json!("train")), "`repository.clone_url` is no URL");
    malformed(github("push", &json!([])), "no JSON object");
}

/// Every bit counts, of the body and of the signature; so does every byte of JSON that means the same.
#[test]
fn what_was_changed_on_its_way_is_refused() {
    let body = a_push().to_string().into_bytes();
    let signature = format!("sha256={}", hex_hmac(&body));
    let sent = |signature: &str, body: &[u8]| {
        let headers =
            [("x-hub-signature-256", signature), ("x-github-event", "push"), ("x-github-delivery", "d")];
        read(&GitHub, &headers, body, &[SECRET])
    };
    assert!(sent(&signature, &body).is_ok());
    for at in 0..body.len() * 8 {
        let mut other = body.clone();
        other[at / 8] ^= 1 << (at % 8);
        forbidden(sent(&signature, &other), "");
    }
    for at in 0..64 {
        let mut other = signature.clone().into_bytes();
        let place = other.len() - 64 + at;
        other[place] = if other[place] == b'0' { b'1' } else { b'0' };
        forbidden(sent(&String::from_utf8(other).unwrap(), &body), "");
    }
    forbidden(sent(&signature, serde_json::to_string_pretty(&a_push()).unwrap().as_bytes()), "");
    for none in ["", "sha256=", "sha1=757107ea", &signature[..70], &format!("{signature}0"), &signature[7..]]
    {
        forbidden(sent(none, &body), "64 hexadecimal digits");
    }
    let headers = [("x-hub-signature", "sha1=0"), ("x-github-event", "push"), ("x-github-delivery", "d")];
    forbidden(read(&GitHub, &headers, &body, &[SECRET]), "X-Hub-Signature-256 is missing");
}

/// The example of the specification's libraries.
const STANDARD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const STANDARD_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const STANDARD_BODY: &[u8] = br#"{"test": 2432232314}"#;

fn signed(id: &str, time: &str, signature: &str, now: i64, secrets: &[&str]) -> Result<Heard, HookError> {
    let headers = [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let secrets: Vec<_> = secrets.iter().map(|secret| (*secret).into()).collect();
    let now = Timestamp(now);
    Signed.read(&HookCall { hook: "ours", headers: &headers, body: STANDARD_BODY, secrets: &secrets, now })
}

#[test]
fn the_standards_own_example_is_told() {
    let (id, time) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330");
    let check = |signature: &str, now: i64, secrets: &[&str]| signed(id, time, signature, now, secrets);
    let heard = check(STANDARD_SIGNATURE, NOW.0, &[STANDARD_SECRET]).unwrap();
    let [notice] = &heard.notices[..] else { panic!("{heard:?}") };
    assert_eq!((notice.delivery.as_str(), notice.time), (id, Some(NOW)));
    assert_eq!((notice.source.as_str(), notice.detail_type.as_str()), ("trainyard.hook.ours", "Web Hook"));
    assert_eq!(notice.detail, json!({"test": 2_432_232_314_u32}));
    // One of several signatures, and the secret before, will do.
    let several = format!("v1,AAAA v2,x {STANDARD_SIGNATURE}");
    check(&several, NOW.0, &["whsec_AAAA", STANDARD_SECRET]).unwrap();
    // As many as a sender can have use for, and not one more: each is work for whoever has signed nothing.
    let last_of = |count: usize| format!("{}{STANDARD_SIGNATURE}", "v1,AAAA ".repeat(count - 1));
    check(&last_of(16), NOW.0, &[STANDARD_SECRET]).unwrap();
    let forbid = |found, part| forbidden(found, part);
    forbid(check(&last_of(17), NOW.0, &[STANDARD_SECRET]), "more than 16 signatures");
    forbid(check(STANDARD_SIGNATURE, NOW.0, &["whsec_AAAA"]), "not that of this id");
    forbid(check("v1,", NOW.0, &[STANDARD_SECRET]), "not that of this id");
    forbid(check(&STANDARD_SIGNATURE[3..], NOW.0, &[STANDARD_SECRET]), "not that of this id");
    forbid(signed("msg_other", time, STANDARD_SIGNATURE, NOW.0, &[STANDARD_SECRET]), "not that of this id");
    forbid(signed(id, "1614265331", STANDARD_SIGNATURE, NOW.0, &[STANDARD_SECRET]), "not that of this id");
    // What was good five minutes ago is not good for ever.
    check(STANDARD_SIGNATURE, NOW.0 + 300_000, &[STANDARD_SECRET]).unwrap();
    check(STANDARD_SIGNATURE, NOW.0 - 300_000, &[STANDARD_SECRET]).unwrap();
    forbid(check(STANDARD_SIGNATURE, NOW.0 + 300_001, &[STANDARD_SECRET]), "within 300 s");
    forbid(check(STANDARD_SIGNATURE, NOW.0 - 300_001, &[STANDARD_SECRET]), "within 300 s");
    forbid(read(&Signed, &[("webhook-id", "1")], b"{}", &[STANDARD_SECRET]), "webhook-timestamp is missing");
}

#[test]
fn secrets_are_what_their_kind_takes() {
    let random = [7; 32];
    assert!(Signed.secret(&random).starts_with("whsec_BwcH"));
    for kind in super::all() {
        assert!(kind.secret(&random).len() >= 43 && kind.secret(&random) != kind.secret(&[8; 32]));
    }
}

fn envelope() -> Value {
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    json!({"events": [
        {"id": "1", "timestamp": "2026-11-28T19:00:00.5Z", "action": "push", "actor": {"name": "ci"},
         "target": {"mediaType": manifest, "digest": "sha256:ab", "repository": "train", "tag": "v1"},
         "request": {"host": "registry.example:5000"}},
        {"id": "2", "timestamp": "x", "action": "pull", "target": {"mediaType": manifest}},
        {"id": "3", "timestamp": "x", "action": "push", "target": {"mediaType": "application/octet-stream"}},
        {"id": "4", "timestamp": "x", "action": "delete", "target": {"digest": "sha256:cd", "repository": "train"}},
    ]})
}

#[test]
fn images_of_a_registry_are_told() {
    let read = |token: &str, body: &Value| {
        let headers = [
            ("authorization", token),
            ("content-type", "application/vnd.docker.distribution.events.v1+json"),
        ];
        read(&Registry, &headers, body.to_string().as_bytes(), &["other", "secret"])
    };
    let heard = read("Bearer secret", &envelope()).unwrap();
    let [push, delete] = &heard.notices[..] else { panic!("{heard:?}") };
    assert_eq!((push.delivery.as_str(), push.time), ("1", Some(Timestamp(1_795_892_400_500))));
    assert_eq!(push.detail_type, "Registry Image Action");
    assert_eq!(push.resources, ["registry.example:5000/train@sha256:ab"]);
    let expect = json!({
        "result": "SUCCESS", "repository-name": "train", "image-digest": "sha256:ab", "image-tag": "v1",
        "action-type": "PUSH", "manifest-media-type": "application/vnd.oci.image.manifest.v1+json",
        "registry": "registry.example:5000", "actor": "ci",
    });
    assert_eq!(push.detail, expect);
    assert_eq!((delete.delivery.as_str(), &delete.detail["action-type"]), ("4", &json!("DELETE")));
    assert_eq!(heard.remark.as_deref(), Some("2 of 4 events speak of no change of an image"));
    for wrong in ["", "secret", "Bearer ", "Bearer secre", "Bearer secrets", "Basic secret"] {
        forbidden(read(wrong, &envelope()), "Authorization");
    }
    malformed(
        read("Bearer secret", &json!({"events": [{"action": "pull"}, {}]})),
        "`events[1].action` is missing",
    );
}

/// A sender that knows the secret and has gone mad: 20,000 bodies that are nearly right.
#[test]
fn whatever_is_signed_is_read_or_refused() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).unwrap() % below
    };
    let pieces =
        [&b"null"[..], b"[]", b"{}", b"-1", b"1e999", b"\"\\ud800\"", b",", b"}", b"]", b"\xff", b"\"0\""];
    let (bodies, mut told) = ([a_push().to_string(), envelope().to_string()], 0);
    for round in 0..20_000 {
        let mut body = bodies[round % 2].clone().into_bytes();
        for _ in 0..=random(3) {
            let (at, piece) = (random(body.len()), pieces[random(pieces.len())]);
            let end = (at + random(12)).min(body.len());
            body.splice(at..end, piece.iter().copied());
        }
        let signature = format!("sha256={}", hex_hmac(&body));
        let headers = [
            ("x-hub-signature-256", signature.as_str()),
            ("x-github-event", ["push", "pull_request"][random(2)]),
            ("x-github-delivery", "d"),
            ("authorization", "Bearer It's a Secret to Everybody"),
        ];
        for kind in [&GitHub as &dyn Hook, &Registry] {
            match read(kind, &headers, &body, &[SECRET]) {
                Ok(heard) => told += heard.notices.len(),
                Err(HookError::Malformed(why)) => assert!(!why.is_empty()),
                Err(HookError::Forbidden(why)) => panic!("{why}"),
            }
        }
    }
    assert!(told > 100, "{told}");
}
