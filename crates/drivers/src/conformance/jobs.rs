//! The suite for [`JobDriver`].

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use trainyard_domain::{
    Kind,
    job::{Exit, JobId, JobSpec, JobStatus, LogLine, Mount, Resources, Root},
    ports::JobDriver,
};

/// What the suite needs besides the driver.
pub struct JobGround {
    /// What its jobs run on: something with a POSIX shell.
    pub root: Root,
    /// A directory that jobs can be given to write to.
    pub directory: PathBuf,
    /// Makes the driver anew, as after a restart of the server.
    pub restart: Box<dyn Fn() -> Box<dyn JobDriver>>,
}

/// Variables that a driver may set by itself, and those that a shell does.
const ALLOWED: [&str; 10] = [
    "PATH",
    "HOME",
    "LANG",
    "NO_PROXY",
    "no_proxy",
    "TMPDIR",
    "PYTHONDONTWRITEBYTECODE",
    "PWD",
    "SHLVL",
    "_",
];
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the suite on a driver that knows no job.
pub async fn jobs(ground: &JobGround) {
    let driver = (ground.restart)();
    nothing_is_known_of_a_stranger(&*driver).await;
    a_job_ends_as_its_program_does(&*driver, ground).await;
    what_it_prints_is_kept_in_order(&*driver, ground).await;
    much_is_read_by_pages(&*driver, ground).await;
    it_sees_what_it_was_given(&*driver, ground).await;
    it_runs_once(&*driver, ground).await;
    it_can_be_stopped(&*driver, ground).await;
    nothing_of_it_stays_behind(&*driver, ground).await;
    drop(driver);
    it_outlives_the_driver(ground).await;
}

async fn nothing_is_known_of_a_stranger(driver: &dyn JobDriver) {
    let id = id("a-stranger");
    assert_eq!(driver.observe(&id).await.expect("an answer"), JobStatus::Absent);
    let page = driver.logs(&id, 0).await.expect("an answer");
    assert!(page.lines.is_empty() && page.next == 0);
    driver.stop(&id, Duration::ZERO).await.expect("an answer");
    driver.forget(&id).await.expect("an answer");
}

async fn a_job_ends_as_its_program_does(driver: &dyn JobDriver, ground: &JobGround) {
    for (name, script, code) in
        [("good", "exit 0", 0), ("bad", "exit 7", 7), ("signalled", "kill -TERM $$; sleep 9", 128 + 15)]
    {
        let exit = run(driver, &ground.shell(name, script)).await;
        assert_eq!(exit.code, code, "{name}");
        assert!(!exit.out_of_memory && exit.started <= exit.ended, "{exit:?}");
    }
    let mut spec = ground.shell("missing", "");
    spec.command = vec!["no-such-program".into()];
    assert_eq!(run(driver, &spec).await.code, 127);
    let lines = lines(driver, &spec.id).await;
    assert!(lines.iter().any(|line| line.text.contains("no-such-program")), "the log says why: {lines:?}");
}

async fn what_it_prints_is_kept_in_order(driver: &dyn JobDriver, ground: &JobGround) {
    let spec = ground.shell("prints", "echo one; echo two >&2; printf 'thr\\377ee\\n\\nlast'");
    let exit = run(driver, &spec).await;
    let lines = lines(driver, &spec.id).await;
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["one", "two", "thr\u{fffd}ee", "", "last"]);
    assert!(lines.is_sorted_by_key(|line| line.time));
    assert!(
        lines.iter().all(|line| line.time >= exit.started && line.time <= exit.ended),
        "{lines:?} {exit:?}"
    );
}

async fn much_is_read_by_pages(driver: &dyn JobDriver, ground: &JobGround) {
    let script = "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; \
                  head -c 300000 /dev/zero | tr '\\0' x; echo";
    let spec = ground.shell("much", script);
    run(driver, &spec).await;
    let (mut texts, mut from) = (Vec::new(), 0);
    loop {
        let page = driver.logs(&spec.id, from).await.expect("a page");
        if page.lines.is_empty() {
            assert_eq!(page.next, from);
            break;
        }
        assert!(page.next > from && page.lines.len() < 20_000, "a page is a part");
        from = page.next;
        texts.extend(page.lines.into_iter().map(|line| line.text));
    }
    for (number, text) in texts.iter().take(20_000).enumerate() {
        assert_eq!(*text, format!("line {number}"));
    }
    assert_eq!(texts[20_000..].concat(), "x".repeat(300_000));
}

async fn it_sees_what_it_was_given(driver: &dyn JobDriver, ground: &JobGround) {
    let mut spec = ground.shell("given", "env; echo cwd $(pwd) > \"$1/out\"; cat \"$1/in\"");
    fs::write(ground.directory.join("in"), "from the mount\n").expect("a file for the job");
    spec.env = BTreeMap::from([("GIVEN".into(), "a b=c".into()), ("EMPTY".into(), String::new())]);
    spec.working_dir = "/opt/ml".into();
    let exit = run(driver, &spec).await;
    let lines = lines(driver, &spec.id).await;
    assert_eq!(exit.code, 0, "{lines:?}");
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert!(texts.contains(&"GIVEN=a b=c") && texts.contains(&"EMPTY="), "{texts:?}");
    assert_eq!(texts.last(), Some(&"from the mount"));
    let names: BTreeSet<&str> =
        texts.iter().filter_map(|text| text.split_once('=')).map(|(name, _)| name).collect();
    for name in names {
        assert!(spec.env.contains_key(name) || ALLOWED.contains(&name), "{name} came from somewhere else");
    }
    let out = fs::read_to_string(ground.directory.join("out")).expect("what the job wrote");
    assert!(out.starts_with("cwd /"), "{out}");
}

async fn it_runs_once(driver: &dyn JobDriver, ground: &JobGround) {
    let spec = ground.shell("once", "echo ran >> \"$1/ran\"; exit 3");
    let together = (0..10).map(|_| driver.ensure(&spec));
    for done in futures::future::join_all(together).await {
        done.expect("a job that is taken");
    }
    assert_eq!(end(driver, &spec.id).await.code, 3);
    let other = ground.shell("once", "echo other >> \"$1/ran\"");
    driver.ensure(&other).await.expect("an ensure that changes nothing");
    assert_eq!(end(driver, &spec.id).await.code, 3);
    assert_eq!(fs::read_to_string(ground.directory.join("ran")).expect("what it wrote"), "ran\n");
}

async fn it_can_be_stopped(driver: &dyn JobDriver, ground: &JobGround) {
    let polite =
        ground.shell("polite", "trap 'echo bye; exit 4' TERM; echo up; while :; do sleep 0.05; done");
    driver.ensure(&polite).await.expect("a job that is taken");
    printed(driver, &polite.id, "up").await;
    assert!(matches!(driver.observe(&polite.id).await, Ok(JobStatus::Running { .. })));
    assert_eq!(driver.forget(&polite.id).await.expect_err("it runs").kind, Kind::Conflict);
    driver.stop(&polite.id, PATIENCE).await.expect("an answer");
    driver.stop(&polite.id, PATIENCE).await.expect("an answer");
    assert_eq!(end(driver, &polite.id).await.code, 4);
    assert_eq!(lines(driver, &polite.id).await.last().map(|line| line.text.as_str()), Some("bye"));
    driver.stop(&polite.id, Duration::ZERO).await.expect("an answer");
    assert_eq!(end(driver, &polite.id).await.code, 4);

    let stubborn = ground.shell("stubborn", "trap '' TERM; echo up; while :; do sleep 0.05; done");
    driver.ensure(&stubborn).await.expect("a job that is taken");
    printed(driver, &stubborn.id, "up").await;
    driver.stop(&stubborn.id, Duration::from_millis(300)).await.expect("an answer");
    assert_eq!(end(driver, &stubborn.id).await.code, 128 + 9);
}

async fn nothing_of_it_stays_behind(driver: &dyn JobDriver, ground: &JobGround) {
    let script = "(trap '' TERM HUP; while :; do echo >> \"$1/alive\"; sleep 0.01; done) & \
                  while [ ! -s \"$1/alive\" ]; do sleep 0.01; done; exit 0";
    let spec = ground.shell("leaves-a-child", script);
    assert_eq!(run(driver, &spec).await.code, 0);
    let size = || fs::metadata(ground.directory.join("alive")).expect("what the child wrote").len();
    let before = size();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(size(), before, "the child of a job that has ended goes on");
    driver.forget(&spec.id).await.expect("a job that has ended is forgotten");
    assert_eq!(driver.observe(&spec.id).await.expect("an answer"), JobStatus::Absent);
    assert!(driver.logs(&spec.id, 0).await.expect("an answer").lines.is_empty());
}

async fn it_outlives_the_driver(ground: &JobGround) {
    let go = ground.directory.join("go");
    let script =
        "echo began >> \"$1/outlives\"; echo up; while [ ! -e \"$1/go\" ]; do sleep 0.02; done; exit 5";
    let spec = ground.shell("outlives", script);
    let driver = (ground.restart)();
    driver.ensure(&spec).await.expect("a job that is taken");
    printed(&*driver, &spec.id, "up").await;
    drop(driver);
    let driver = (ground.restart)();
    assert!(matches!(driver.observe(&spec.id).await, Ok(JobStatus::Running { .. })));
    driver.ensure(&spec).await.expect("a job that is adopted");
    fs::write(go, "").expect("a file for the job");
    assert_eq!(end(&*driver, &spec.id).await.code, 5);
    drop(driver);
    let driver = (ground.restart)();
    driver.ensure(&spec).await.expect("an ensure that changes nothing");
    assert_eq!(end(&*driver, &spec.id).await.code, 5);
    assert_eq!(fs::read_to_string(ground.directory.join("outlives")).expect("what it wrote"), "began\n");
}

impl JobGround {
    /// A job that runs a shell script, with a directory at `/opt/ml` and that path as `$1`.
    pub fn shell(&self, name: &str, script: &str) -> JobSpec {
        let command = ["sh", "-c", script, "sh", "/opt/ml"].map(String::from).to_vec();
        let mount = Mount { source: self.directory.clone(), target: "/opt/ml".into(), read_only: false };
        let resources = Resources { cpu_millis: 1000, memory_bytes: 256 << 20, gpus: 0 };
        let root = self.root.clone();
        let working_dir = Path::new("/").into();
        JobSpec {
            id: id(name),
            root,
            command,
            env: BTreeMap::new(),
            working_dir,
            mounts: vec![mount],
            resources,
        }
    }
}

/// An id of that text.
fn id(text: &str) -> JobId {
    text.to_owned().try_into().expect("a legal id")
}

async fn run(driver: &dyn JobDriver, spec: &JobSpec) -> Exit {
    driver.ensure(spec).await.expect("a job that is taken");
    end(driver, &spec.id).await
}

async fn end(driver: &dyn JobDriver, id: &JobId) -> Exit {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        match driver.observe(id).await.expect("an answer") {
            JobStatus::Ended(exit) => return exit,
            JobStatus::Waiting { .. } | JobStatus::Running { .. } if tokio::time::Instant::now() < until => {}
            other => panic!("job {id} does not end: {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn printed(driver: &dyn JobDriver, id: &JobId, text: &str) {
    let until = tokio::time::Instant::now() + PATIENCE;
    while !lines(driver, id).await.iter().any(|line| line.text == text) {
        assert!(tokio::time::Instant::now() < until, "job {id} never prints `{text}`");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn lines(driver: &dyn JobDriver, id: &JobId) -> Vec<LogLine> {
    driver.logs(id, 0).await.expect("a page").lines
}
