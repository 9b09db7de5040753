//! The suite for [`ServingDriver`].

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use trainyard_domain::{
    image::Image,
    job::{Mount, Resources},
    ports::ServingDriver,
    serving::{Health, VariantId, VariantSpec},
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
/// before it is ready, and ends when it is asked for `/die`.
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
        if self.path == "/die":
            os._exit(9)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(open(ml + "/answer", "rb").read())
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
    let address = ready(driver, &spec.id).await;
    assert!(address.ip().is_loopback());
    assert!(ask(address, "/invocations").await.ends_with("42"));
    let lines = driver.logs(&spec.id, 0).await.expect("a page").lines;
    assert_eq!(lines[0].text, "starting");
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
    assert!(matches!(driver.observe(&spec.id).await.expect("an answer"), Health::Ready { .. }));
    driver.ensure(&spec).await.expect("a variant that is there");
    ready(driver, &spec.id).await;
    assert_eq!(ground.starts(), 1);
}

async fn one_that_failed_is_started_again(driver: &dyn ServingDriver, ground: &ServingGround) {
    let spec = ground.server();
    let address = ready(driver, &spec.id).await;
    ask(address, "/die").await;
    let failed = wait(driver, &spec.id, |health| matches!(health, Health::Failed { .. })).await;
    assert!(matches!(&failed, Health::Failed { reason } if reason.contains('9')), "{failed:?}");
    driver.ensure(&spec).await.expect("a variant that is taken");
    let address = ready(driver, &spec.id).await;
    assert!(ask(address, "/invocations").await.ends_with("42"));
    assert_eq!(ground.starts(), 2);
    let page = driver.logs(&spec.id, 0).await.expect("a page");
    let second = driver.logs(&spec.id, page.next).await.expect("a page");
    assert_eq!((page.lines.len(), second.lines.len()), (1, 1), "both runs' logs are there");
}

async fn it_goes(driver: &dyn ServingDriver, ground: &ServingGround) {
    let spec = ground.server();
    let address = ready(driver, &spec.id).await;
    driver.remove(&spec.id).await.expect("a variant that goes");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    assert_eq!(driver.observe(&spec.id).await.expect("an answer"), Health::Absent);
    assert_eq!(driver.list().await.expect("an answer"), []);
    driver.remove(&spec.id).await.expect("removing what is gone changes nothing");
}

async fn one_that_cannot_start_fails(driver: &dyn ServingDriver, ground: &ServingGround) {
    let spec = VariantSpec { id: id("broken"), command: vec!["no-such-program".into()], ..ground.server() };
    driver.ensure(&spec).await.expect("a variant that is taken");
    wait(driver, &spec.id, |health| matches!(health, Health::Failed { .. })).await;
    let lines = driver.logs(&spec.id, 0).await.expect("a page").lines;
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

async fn ready(driver: &dyn ServingDriver, id: &VariantId) -> SocketAddr {
    match wait(driver, id, |health| matches!(health, Health::Ready { .. })).await {
        Health::Ready { address } => address,
        other => panic!("{other:?}"),
    }
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

/// Posts to the variant; what it answered until it closed.
async fn ask(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a server that listens");
    let request = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a server that reads");
    let mut answer = Vec::new();
    // One that dies closes without an answer.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}
