//! A server that is killed again and again while it has jobs run: each of them runs once, and all of them end.
//!
//! This program is both: called with a directory it is the server, otherwise it kills servers. The seed is
//! printed; `SEED=<n>` repeats a run.

mod ground;

use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use ground::{Ground, mount, shell};
use trainyard_domain::{
    job::{JobSpec, JobStatus, Root},
    ports::JobDriver,
};
use trainyard_drivers::{
    blobs::Disk,
    jobs::Process,
    process::{Isolation, ProcessConfig},
};

const JOBS: usize = 12;
const KILLS: u64 = 20;

fn main() {
    match std::env::args().nth(1).filter(|argument| Path::new(argument).is_absolute()) {
        Some(directory) => serve(Path::new(&directory)),
        None => kill_servers(),
    }
}

fn kill_servers() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_nanos() as u64;
    let mut seed = std::env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(now);
    let _ = writeln!(io::stdout(), "crash: SEED={seed}, {KILLS} kills of a server with {JOBS} jobs");
    let ground = Ground::new();
    let directory = ground.place("server");
    fs::create_dir_all(directory.join("ml")).expect("a directory");
    for _ in 0..KILLS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut server = server(&directory);
        std::thread::sleep(Duration::from_micros((seed >> 33) % 150_000));
        server.kill().expect("a server to kill");
        server.wait().expect("a server that is gone");
    }
    let mut last = server(&directory);
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = last.try_wait().expect("a server") {
            break status;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "the last server does not see all jobs end");
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(status.success(), "the last server found a job that ended otherwise than well");
    let ledger = fs::read_to_string(directory.join("ml/ledger")).expect("what the jobs wrote");
    let mut ran: Vec<&str> = ledger.lines().collect();
    ran.sort_unstable();
    let mut expected: Vec<String> = (0..JOBS).map(|number| format!("job-{number}")).collect();
    expected.sort_unstable();
    assert_eq!(ran, expected, "every job runs once");
    let _ = writeln!(io::stdout(), "crash: {JOBS} jobs ran, each once");
}

fn server(directory: &Path) -> Child {
    let own = std::env::current_exe().expect("this program");
    Command::new(own).arg(directory).stdin(Stdio::null()).spawn().expect("a server")
}

/// Ensures all jobs, over and over, until all have ended well.
#[tokio::main(flavor = "current_thread")]
async fn serve(directory: &Path) {
    let blobs = std::sync::Arc::new(Disk::open(&directory.join("blobs")).expect("a store"));
    let driver = Process::new(ProcessConfig {
        directory: directory.join("jobs"),
        images: directory.join("images"),
        blobs,
        supervisor: env!("CARGO_BIN_EXE_trainyard-supervise").into(),
        isolation: Isolation::Auto,
        hide: Vec::new(),
        python: None,
        log_bytes: 1 << 20,
        memory_bytes: Some(1 << 30),
    })
    .expect("a driver");
    let jobs: Vec<JobSpec> = (0..JOBS).map(|number| job(directory, number)).collect();
    loop {
        let mut ended = 0;
        for spec in &jobs {
            driver.ensure(spec).await.expect("a job that is taken");
            match driver.observe(&spec.id).await.expect("an answer") {
                JobStatus::Ended(exit) if exit.code == 0 => ended += 1,
                JobStatus::Waiting { .. } | JobStatus::Running { .. } => {}
                other => panic!("job {} is {other:?}", spec.id),
            }
        }
        if ended == JOBS {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn job(directory: &Path, number: usize) -> JobSpec {
    let name = format!("job-{number}");
    let script = format!("echo {name} >> \"$ML/ledger\"; sleep 0.3");
    let mut spec = shell(&name, Root::Host, &script);
    // Four at a time.
    spec.resources.memory_bytes = 256 << 20;
    spec.mounts.push(mount(&directory.join("ml"), "/opt/ml"));
    spec.env.insert("ML".into(), "/opt/ml".into());
    spec
}
