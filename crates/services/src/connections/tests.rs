//! The room with an API that is scripted, and requests as they are made of drafts.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use trainyard_domain::{
    Arn, Principal, Scope,
    outcall::{Answer, Outcall},
    ports::OutsideError,
};
use trainyard_store::Store;

use super::{authority::Authority, connection::Secrets, parameters::Parameters, *};

/// Gives tokens at `/token`, takes the last one of them, and keeps what it is asked.
#[derive(Default)]
struct Api {
    asked: Mutex<Vec<Outcall>>,
    tokens: Mutex<usize>,
    /// How many tokens it has said are good no more.
    forgotten: Mutex<usize>,
}

#[async_trait]
impl Outside for Api {
    async fn call(&self, call: &Outcall) -> Result<Answer, OutsideError> {
        // Others have a chance to ask meanwhile.
        tokio::task::yield_now().await;
        self.asked.lock().unwrap().push(call.clone());
        let answer = |status, body: String| Answer { status, body: body.into(), ..Answer::default() };
        if call.url.ends_with("/token") {
            let mut tokens = self.tokens.lock().unwrap();
            *tokens += 1;
            return Ok(answer(
                200,
                json!({"access_token": format!("t{tokens}"), "expires_in": 100}).to_string(),
            ));
        }
        let forgotten = *self.forgotten.lock().unwrap();
        let said =
            call.headers.iter().find(|(name, _)| name == "Authorization").map(|(_, value)| value.clone());
        let number = said.and_then(|said| said.strip_prefix("Bearer t")?.parse::<usize>().ok());
        Ok(answer(if number.is_some_and(|number| number > forgotten) { 200 } else { 401 }, String::new()))
    }
}

struct Room {
    connections: Connections,
    api: Arc<Api>,
    clock: Arc<std::sync::atomic::AtomicI64>,
}

impl Room {
    async fn new() -> Self {
        let clock = Arc::new(std::sync::atomic::AtomicI64::new(1_700_000_000_000));
        let hands = clock.clone();
        let now =
            Arc::new(move || trainyard_domain::Timestamp(hands.load(std::sync::atomic::Ordering::SeqCst)));
        let ground = Ground::with_clock(Store::in_memory().await.unwrap(), now);
        let api = Arc::new(Api::default());
        Self { connections: Connections::new(ground, api.clone()), api, clock }
    }

    async fn oauth(&self) -> Connection {
        let made =
            self.connections.create(&scope(), &root(), request("OAUTH_CLIENT_CREDENTIALS", oauth())).await;
        let made = made.unwrap();
        assert_eq!(made.state, State::Authorizing);
        self.connections.settle(&made, State::Authorized, None).await.unwrap();
        made
    }

    async fn send(&self, arn: &Arn) -> u16 {
        self.connections.send("000000000000", arn, &draft(json!({}))).await.unwrap().status
    }

    fn given(&self) -> usize {
        *self.api.tokens.lock().unwrap()
    }
}

fn scope() -> Scope {
    Scope::default_scope()
}

fn root() -> Principal {
    Principal::root(&scope())
}

fn request(kind: &str, parameters: Value) -> ConnectionRequest {
    ConnectionRequest {
        name: "c".to_owned(),
        authorization_type: Some(kind.to_owned()),
        auth_parameters: Some(parameters),
        ..ConnectionRequest::default()
    }
}

fn oauth() -> Value {
    json!({"OAuthParameters": {
        "AuthorizationEndpoint": "https://auth.example/token",
        "HttpMethod": "POST",
        "ClientParameters": {"ClientID": "id", "ClientSecret": "s3cret"},
    }})
}

fn draft(body: Value) -> Draft {
    Draft {
        method: "POST".to_owned(),
        url: "https://api.example/a?x=1#part".to_owned(),
        fixed: vec![("User-Agent", "us".to_owned())],
        headers: vec![("X-One".to_owned(), "own".to_owned()), ("x-two".to_owned(), "own".to_owned())],
        query: vec![("q".to_owned(), "own".to_owned()), ("z".to_owned(), "a b".to_owned())],
        body: Some(body),
        encoding: Encoding::Json,
        limit: Duration::from_secs(1),
        largest: 10,
    }
}

fn parameters(value: Value) -> Parameters {
    serde_json::from_value(value).unwrap()
}

#[test]
fn what_the_connection_says_stands_instead_of_the_requests_own() {
    let more = |name: &str| json!([{"Key": name, "Value": "theirs"}]);
    let authority = Authority::of(
        &parameters(json!({
            "ApiKeyAuthParameters": {"ApiKeyName": "x-one", "ApiKeyValue": "key"},
            "InvocationHttpParameters": {
                "HeaderParameters": [{"Key": "User-Agent", "Value": "theirs"}],
                "QueryStringParameters": more("q"),
                "BodyParameters": more("b"),
            },
        })),
        None,
    );
    let made = draft(json!({"a": 1, "b": 2})).completed(&authority).unwrap();
    assert_eq!(made.url, "https://api.example/a?x=1&z=a%20b&q=theirs");
    assert_eq!(&made.body[..], br#"{"a":1,"b":"theirs"}"#);
    let headers: Vec<_> = made.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let expect =
        ["x-two: own", "x-one: key", "User-Agent: us", "Content-Type: application/json; charset=UTF-8"];
    assert_eq!(headers, expect);
    assert!(draft(json!("text")).completed(&authority).is_err());
    assert_eq!(&draft(json!("text")).completed(&Authority::default()).unwrap().body[..], b"text");
}

#[test]
fn secrets_are_nowhere_but_in_requests() {
    let all = parameters(json!({
        "BasicAuthParameters": {"Username": "me", "Password": "s3cret-1"},
        "ApiKeyAuthParameters": {"ApiKeyName": "key", "ApiKeyValue": "s3cret-2"},
        "OAuthParameters": {
            "AuthorizationEndpoint": "https://a", "HttpMethod": "GET",
            "ClientParameters": {"ClientID": "id", "ClientSecret": "s3cret-3"},
            "OAuthHttpParameters": {"BodyParameters": [{"Key": "k", "Value": "s3cret-4", "IsValueSecret": true}]},
        },
        "InvocationHttpParameters": {"HeaderParameters": [{"Key": "h", "Value": "s3cret-5", "IsValueSecret": true}]},
    }));
    let (shown, debug) = (all.shown().to_string(), format!("{all:?}"));
    assert!(!shown.contains("s3cret") && !debug.contains("s3cret"), "{shown} {debug}");
    assert!(!format!("{:?}", draft(json!("s3cret"))).contains("s3cret"));
}

#[tokio::test]
async fn one_token_is_got_however_many_ask_and_another_when_it_is_over_or_refused() {
    let room = Room::new().await;
    let arn = room.oauth().await.arn();
    let all = futures::future::join_all((0..20).map(|_| room.send(&arn))).await;
    assert_eq!((all, room.given()), (vec![200; 20], 1));
    // A tenth of its life before its end.
    room.clock.fetch_add(89_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!((room.send(&arn).await, room.given()), (200, 1));
    room.clock.fetch_add(2_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!((room.send(&arn).await, room.given()), (200, 2));
    *room.api.forgotten.lock().unwrap() = 2;
    let all = futures::future::join_all((0..20).map(|_| room.send(&arn))).await;
    assert_eq!((all, room.given()), (vec![200; 20], 3));
    // An API that takes no token at all is not asked for ever.
    *room.api.forgotten.lock().unwrap() = usize::MAX;
    assert_eq!((room.send(&arn).await, room.given()), (401, 4));
}

/// An authorization endpoint that never answers in time.
#[derive(Default)]
struct Silent(std::sync::atomic::AtomicUsize);

#[async_trait]
impl Outside for Silent {
    async fn call(&self, _: &Outcall) -> Result<Answer, OutsideError> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        // All have the chance to ask meanwhile.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        Err(OutsideError::TimedOut(10))
    }
}

/// One after another they would wait ten times as long.
#[tokio::test]
async fn those_who_wait_for_a_token_that_does_not_come_do_not_ask_again_each() {
    let (tokens, silent) = (tokens::Tokens::default(), Arc::new(Silent::default()));
    let outside: Arc<dyn Outside> = silent.clone();
    let oauth = parameters(oauth()).oauth_parameters.unwrap();
    let arn: Arn = "arn:aws:events:us-east-1:000000000000:connection/c/1".parse().unwrap();
    let get = || {
        let now = trainyard_domain::Timestamp(0);
        tokens.get(&outside, tokens::Wanted { arn: &arn, revision: 1, oauth: &oauth, now, refused: None })
    };
    let answers = futures::future::join_all((0..10).map(|_| get())).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|none| none.passing)));
    let asked = || silent.0.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(asked(), 1);
    assert!(get().await.is_err());
    assert_eq!(asked(), 2, "who comes later asks anew");
}

#[tokio::test]
async fn what_a_connection_knew_goes_with_it() {
    let room = Room::new().await;
    let made = room.oauth().await;
    let secrets =
        async || room.connections.ground.store.get::<Secrets>(&scope().to_string(), "c").await.unwrap();
    assert!(secrets().await.is_some());
    let strange = room.connections.send("111111111111", &made.arn(), &draft(json!({}))).await;
    assert!(matches!(strange, Err(SendError::Forbidden(_))));
    room.connections.deauthorize(&scope(), &root(), "c").await.unwrap();
    assert!(secrets().await.is_none());
    let refused = room.connections.send("000000000000", &made.arn(), &draft(json!({}))).await;
    assert!(matches!(refused, Err(SendError::Deauthorized { .. })));
    // What is heard of the old parameters says nothing of the new.
    room.connections.settle(&made, State::Authorized, None).await.unwrap();
    assert_eq!(room.connections.describe(&scope(), "c").await.unwrap().state, State::Deauthorized);
    room.connections.delete(&scope(), &root(), "c").await.unwrap();
    let key = json!({"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}});
    let other = room.connections.create(&scope(), &root(), request("API_KEY", key)).await.unwrap();
    assert_ne!(other.arn(), made.arn());
    let gone = room.connections.send("000000000000", &made.arn(), &draft(json!({}))).await;
    assert!(matches!(gone, Err(SendError::NoConnection(_))), "another connection has the name now");
}

#[tokio::test]
async fn an_update_keeps_what_it_does_not_name() {
    let room = Room::new().await;
    room.oauth().await;
    let update = |kind: Option<&str>, parameters: Value| ConnectionRequest {
        authorization_type: kind.map(str::to_owned),
        ..request("", parameters)
    };
    let secret = json!({"OAuthParameters": {"ClientParameters": {"ClientSecret": "new"}}});
    let changed = room.connections.update(&scope(), &root(), update(None, secret)).await.unwrap();
    assert_eq!((changed.state, changed.revision), (State::Authorizing, 2));
    let held =
        room.connections.ground.store.get::<Secrets>(&scope().to_string(), "c").await.unwrap().unwrap();
    let oauth = held.value.parameters.oauth_parameters.unwrap();
    assert_eq!(
        (oauth.client_parameters.id.as_str(), oauth.client_parameters.secret.0.as_str()),
        ("id", "new")
    );
    let incomplete = update(Some("BASIC"), json!({"BasicAuthParameters": {"Username": "me"}}));
    let said = room.connections.update(&scope(), &root(), incomplete).await.unwrap_err().to_string();
    assert!(said.contains("not complete"), "{said}");
    let whole = json!({"BasicAuthParameters": {"Username": "me", "Password": "p"}});
    let changed = room.connections.update(&scope(), &root(), update(Some("BASIC"), whole)).await.unwrap();
    assert_eq!(changed.shown, json!({"BasicAuthParameters": {"Username": "me"}}));
}

#[tokio::test]
async fn a_destination_is_called_in_no_other_accounts_name() {
    let room = Room::new().await;
    let connection = room.oauth().await.arn().to_string();
    let request = |name: &str| DestinationRequest {
        name: name.to_owned(),
        connection_arn: Some(connection.clone()),
        invocation_endpoint: Some("https://api.example/".to_owned()),
        http_method: Some("POST".to_owned()),
        ..DestinationRequest::default()
    };
    let strangers = Scope { account: "222222222222".parse().unwrap(), ..scope() };
    let made = room.connections.create_destination(&strangers, &root(), request("theirs")).await;
    assert!(matches!(made, Err(Error::NoConnection { .. })), "{made:?}");
    room.connections.create_destination(&scope(), &root(), request("ours")).await.unwrap();
}
