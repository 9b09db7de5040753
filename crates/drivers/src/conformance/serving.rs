//! The suite for [`ServingDriver`].

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use trainyard_domain::{
    Kind,
    image::Image,
    job::{LogPage, Mount, Resources},
    ports::{DriverError, ServingDriver},
    serving::{Health, Invocation, Reply, VariantId, VariantSpec},
};

/// What the suite needs besides the driver.
pub struct ServingGround {
    /// What its variants run on: something with `python3`.
    pub image: Image,
    /// A directory that variants can be given to read and write.
    pub directory: PathBuf,
    /// Makes the driver anew, as after a restart of the server.
    pub restart: Box<dyn Fn() -> Box<dyn ServingDriver>>,
}

const PATIENCE: Duration = Duration::from_secs(60);

/// A model server of the standard library's: it answers with what the mount holds, waits for the file `go`
/// before it is ready, and ends when it is told to die. What it is
/// told comes back in a header.
const SERVER: &str = r#"
import http.server, os, sys
ml = sys.argv[1]
open(ml + "/starts", "a").write("x")
print("starting", flush=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if os.path.exists(ml + "/go") else 503)
        self.end_headers()
    def do_POST(self):
        told = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if told == "die":
            os._exit(9)
        answer = open(ml + "/answer", "rb").read()
        self.send_response(400 if told == "refuse" else 200)
        self.send_header("Content-Type", self.headers["Accept"])
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("X-Amzn-SageMaker-Custom-Attributes", self.path + " " + told)
        self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
"#;

/// Runs the suite on a driver that serves nothing.
pub async fn serving(ground: &ServingGround) {
    let driver = (ground.restart)();
    nothing_is_known_of_a_stranger(&*driver).await;
    it_is_ready_when_it_says_so(&*driver, ground).await;
    it_is_there_once(&*driver, ground).await;
    drop(driver);
    let driver = (ground.restart)();
    it_outlives_the_driver(&*driver, ground).await;
    one_that_failed_is_started_again(&*driver, ground).await;
    it_goes(&*driver, ground).await;
    one_that_cannot_start_fails(&*driver, ground).await;
}

async fn nothing_is_known_of_a_stranger(driver: &dyn ServingDriver) {
    let id = id("a-stranger");
    assert_eq!(driver.observe(&id).await.expect("an answer"), Health::Absent);
    assert!(driver.logs(&id, 0).await.expect("an answer").lines.is_empty());
    driver.remove(&id).await.expect("an answer");
    assert_eq!(driver.list().await.expect("an answer"), []);
}

async fn it_is_ready_when_it_says_so(driver: &dyn ServingDriver, ground: &ServingGround) {
    let spec = ground.server();
    fs::write(ground.directory.join("answer"), "42").expect("a file for the server");
    driver.ensure(&spec).await.expect("a variant that is taken");
    wait(
        driver,
        &spec.id,
        |health| matches!(health, Health::Starting { reason, .. } if reason.contains("503")),
    )
    .await;
    fs::write(ground.directory.join("go"), "").expect("a file for the server");
    ready(driver, &spec.id).await;
    let reply = ask(driver, &spec.id, "hello").await.expect("an answer");
    let expected = Reply {
        status: 200,
        content_type: Some("text/plain".to_owned()),
        custom_attributes: Some("/invocations hello".to_owned()),
        body: "42".into(),
    };
    assert_eq!(reply, expected);
    let refused = ask(driver, &spec.id, "refuse").await.expect("an answer, whatever its status");
    assert_eq!((refused.status, &refused.body[..]), (400, &b"42"[..]));
    assert_eq!(page(driver, &spec.id, 0).await.lines[0].text, "starting");
}

async fn it_is_there_once(driver: &dyn ServingDriver, ground: &ServingGround) {
    let spec = ground.server();
    for done in futures::future::join_all((0..10).map(|_| driver.ensure(&spec))).await {
        done.expect("a variant that is there");
    }
    ready(driver, &spec.id).await;
    assert_eq!(ground.starts(), 1);
    assert_eq!(driver.list().await.expect("a list"), [spec.id]);
}

async fn it_outlives_the_driver(driver: &dyn ServingDriver, ground: &ServingGround) {
    let spec = ground.server();
    assert!(driver.observe(&spec.id).await.expect("an answer") == Health::Ready);
    driver.ensure(&spec).await.expect("a variant that is there");
    ready(driver, &spec.id).await;
    assert_eq!(ground.starts(), 1);
}

async fn one_that_failed_is_started_again(driver: &dyn ServingDriver, ground: &ServingGround) {
    let spec = ground.server();
    ready(driver, &spec.id).await;
    let error = ask(driver, &spec.id, "die").await.expect_err("it died before it answered");
    assert_eq!(error.kind, Kind::Unavailable);
    let failed = wait(driver, &spec.id, |health| matches!(health, Health::Failed { .. })).await;
    assert!(matches!(&failed, Health::Failed { reason } if reason.contains('9')), "{failed:?}");
    driver.ensure(&spec).await.expect("a variant that is taken");
    ready(driver, &spec.id).await;
    assert_eq!(ask(driver, &spec.id, "").await.expect("an answer").status, 200);
    assert_eq!(ground.starts(), 2);
    let first = page(driver, &spec.id, 0).await;
    let second = page(driver, &spec.id, first.next).await;
    assert_eq!((first.lines.len(), second.lines.len()), (1, 1), "both runs' logs are there");
}

async fn it_goes(driver: &dyn ServingDriver, ground: &ServingGround) {
    let spec = ground.server();
    ready(driver, &spec.id).await;
    driver.remove(&spec.id).await.expect("a variant that goes");
    assert_eq!(ask(driver, &spec.id, "").await.expect_err("nobody listens any more").kind, Kind::Unavailable);
    assert_eq!(driver.observe(&spec.id).await.expect("an answer"), Health::Absent);
    assert_eq!(driver.list().await.expect("an answer"), []);
    driver.remove(&spec.id).await.expect("removing what is gone changes nothing");
}

async fn one_that_cannot_start_fails(driver: &dyn ServingDriver, ground: &ServingGround) {
    let spec = VariantSpec { id: id("broken"), command: vec!["no-such-program".into()], ..ground.server() };
    driver.ensure(&spec).await.expect("a variant that is taken");
    wait(driver, &spec.id, |health| matches!(health, Health::Failed { .. })).await;
    let lines = page(driver, &spec.id, 0).await.lines;
    assert!(lines.iter().any(|line| line.text.contains("no-such-program")), "{lines:?}");
    driver.remove(&spec.id).await.expect("a variant that goes");
    assert_eq!(driver.list().await.expect("an answer"), []);
}

impl ServingGround {
    fn server(&self) -> VariantSpec {
        let command = ["python3", "-c", SERVER, "/opt/ml"].map(String::from).to_vec();
        let mount = Mount { source: self.directory.clone(), target: "/opt/ml".into(), read_only: false };
        let resources = Resources { cpu_millis: 1000, memory_bytes: 512 << 20, gpus: 0 };
        VariantSpec {
            id: id("server"),
            image: self.image.clone(),
            command,
            env: BTreeMap::new(),
            working_dir: Path::new("/").into(),
            mounts: vec![mount],
            resources,
        }
    }

    fn starts(&self) -> usize {
        fs::read(self.directory.join("starts")).expect("what the server wrote").len()
    }
}

fn id(text: &str) -> VariantId {
    text.to_owned().try_into().expect("a legal id")
}

async fn ready(driver: &dyn ServingDriver, id: &VariantId) {
    wait(driver, id, |health| *health == Health::Ready).await;
}

async fn wait(driver: &dyn ServingDriver, id: &VariantId, good: impl Fn(&Health) -> bool) -> Health {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let health = driver.observe(id).await.expect("an answer");
        if good(&health) {
            return health;
        }
        let log = || async { driver.logs(id, 0).await };
        assert!(tokio::time::Instant::now() < until, "variant {id} stays {health:?}: {:?}", log().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the variant has printed since `from`, once there is something: a line is in the log a moment after it was
/// printed.
async fn page(driver: &dyn ServingDriver, id: &VariantId, from: u64) -> LogPage {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let page = driver.logs(id, from).await.expect("a page");
        if !page.lines.is_empty() || tokio::time::Instant::now() > until {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Tells the variant something; what it answers.
async fn ask(driver: &dyn ServingDriver, id: &VariantId, body: &'static str) -> Result<Reply, DriverError> {
    let accept = Some("text/plain".to_owned());
    driver.invoke(id, Invocation { accept, body: body.into(), ..Invocation::default() }).await
}
