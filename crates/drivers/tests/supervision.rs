//! What only processes can show: supervisors that are killed, directories that go, memory that runs out, room
//! that there is not. On Linux only: processes are found by `/proc`.
#![cfg(target_os = "linux")]

mod ground;

use std::{fs, path::Path, time::Duration};

use ground::{Ground, id, mount, printed, prints, run, shell, until};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use trainyard_domain::{
    job::{JobStatus, Root},
    ports::JobDriver,
};
use trainyard_drivers::{jobs::Process, process::Isolation};

const MODES: [Isolation; 2] = [Isolation::Auto, Isolation::Off];

fn driver(ground: &Ground, isolation: Isolation) -> Process {
    Process::new(ground.config(isolation)).expect("a driver")
}

/// The processes whose command line holds the text: supervisors of runs in a directory.
fn processes(text: &str) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").expect("a /proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let of = |pid: &i32| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    pids.filter(|pid| String::from_utf8_lossy(&of(pid)).contains(text)).map(Pid::from_raw).collect()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Looks until there is no process with this text in its command line.
async fn gone(text: &str) {
    let begun = std::time::Instant::now();
    while !processes(text).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?} are still there", processes(text));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_job_whose_supervisor_is_killed_is_lost_and_never_started_again() {
    for isolation in MODES {
        let ground = Ground::new();
        let jobs = driver(&ground, isolation);
        let mut spec = shell("killed", Root::Host, "echo began >> \"$ML/began\"; echo up; sleep 1234.5");
        spec.mounts.push(mount(&ground.place("ml"), "/opt/ml"));
        spec.env.insert("ML".into(), "/opt/ml".into());
        jobs.ensure(&spec).await.unwrap();
        prints(&jobs, &spec.id, "up").await;
        let run = text(&ground.place("runs/killed"));
        let supervisor = processes(&run);
        assert!(!supervisor.is_empty());
        kill(supervisor[0], Signal::SIGKILL).unwrap();
        let lost = until(&jobs, &spec.id, |status| !matches!(status, JobStatus::Running { .. })).await;
        assert!(matches!(&lost, JobStatus::Lost { reason } if reason.contains("vanished")), "{lost:?}");
        gone(&run).await;
        jobs.ensure(&spec).await.unwrap();
        let jobs = driver(&ground, isolation);
        jobs.ensure(&spec).await.unwrap();
        assert_eq!(jobs.observe(&spec.id).await.unwrap(), lost);
        assert_eq!(fs::read_to_string(ground.place("ml").join("began")).unwrap(), "began\n");
        assert_eq!(printed(&jobs, &spec.id).await, ["up"], "its log is still there");
        jobs.forget(&spec.id).await.unwrap();
        assert_eq!(jobs.observe(&spec.id).await.unwrap(), JobStatus::Absent);
    }
}

#[tokio::test]
async fn a_job_of_another_boot_is_lost() {
    let ground = Ground::new();
    let jobs = driver(&ground, Isolation::Off);
    run(&jobs, &shell("old", Root::Host, "true")).await;
    // As a power cut leaves it: begun, and no word of how it ended.
    let directory = ground.place("runs/old");
    fs::remove_file(directory.join("exit.json")).unwrap();
    let started = fs::read_to_string(directory.join("started.json")).unwrap();
    let (before, after) = started.split_once("\"boot\":\"").unwrap();
    fs::write(directory.join("started.json"), format!("{before}\"boot\":\"x{after}")).unwrap();
    let status = driver(&ground, Isolation::Off).observe(&id("old")).await.unwrap();
    assert_eq!(status, JobStatus::Lost { reason: "the machine was restarted while it ran".into() });
}

#[tokio::test]
async fn a_server_that_ended_too_early_leaves_a_job_that_still_starts_once() {
    let ground = Ground::new();
    let spec = shell("early", Root::Host, "echo ran");
    let jobs = driver(&ground, Isolation::Off);
    run(&jobs, &spec).await;
    // As it is between the driver's promise and the supervisor's mark.
    let directory = ground.place("runs/early");
    for name in ["exit.json", "started.json", "log"] {
        fs::remove_file(directory.join(name)).unwrap();
    }
    let jobs = driver(&ground, Isolation::Off);
    let status = jobs.observe(&spec.id).await.unwrap();
    assert!(matches!(status, JobStatus::Waiting { .. }), "{status:?}");
    assert_eq!(run(&jobs, &spec).await.1, ["ran"]);
    // Further supervisors, whoever starts them, find nothing to do.
    for _ in 0..3 {
        let again = std::process::Command::new(env!("CARGO_BIN_EXE_trainyard-supervise"))
            .arg("supervise")
            .arg(&directory)
            .status()
            .unwrap();
        assert!(again.success());
    }
    assert_eq!(printed(&jobs, &spec.id).await, ["ran"]);
}

#[tokio::test]
async fn a_run_whose_directory_goes_is_gone() {
    for isolation in MODES {
        let ground = Ground::new();
        let jobs = driver(&ground, isolation);
        let spec = shell("gone", Root::Host, "echo up; sleep 1234.75");
        jobs.ensure(&spec).await.unwrap();
        prints(&jobs, &spec.id, "up").await;
        let run = ground.place("runs/gone");
        fs::rename(&run, ground.place("elsewhere").join("gone")).unwrap();
        assert_eq!(jobs.observe(&spec.id).await.unwrap(), JobStatus::Absent);
        gone(&text(&run)).await;
        gone("sleep\u{0}1234.75").await;
    }
}

#[tokio::test]
async fn a_job_that_does_not_fit_waits_and_the_oldest_goes_first() {
    let ground = Ground::new();
    let jobs = driver(&ground, Isolation::Off);
    let go = ground.place("ml").join("go");
    let big = |name: &str, mib: u64| {
        let script = format!("echo {name} >> \"$ML/order\"; while [ ! -e \"$ML/go\" ]; do sleep 0.01; done");
        let mut spec = shell(name, Root::Host, &script);
        spec.mounts.push(mount(&ground.place("ml"), "/opt/ml"));
        spec.env.insert("ML".into(), "/opt/ml".into());
        spec.resources.memory_bytes = mib << 20;
        spec
    };
    let first = big("first", 700);
    jobs.ensure(&first).await.unwrap();
    until(&jobs, &first.id, |status| matches!(status, JobStatus::Running { .. })).await;
    let (second, third) = (big("second", 600), big("third", 100));
    let stopped = big("stopped", 400);
    for spec in [&second, &third, &stopped] {
        jobs.ensure(spec).await.unwrap();
        let told =
            |status: &JobStatus| matches!(status, JobStatus::Waiting { reason } if reason.contains("memory"));
        until(&jobs, &spec.id, told).await;
    }
    jobs.stop(&stopped.id, Duration::from_secs(9)).await.unwrap();
    let JobStatus::Ended(exit) = jobs.observe(&stopped.id).await.unwrap() else { panic!("it is stopped") };
    assert_eq!((exit.code, exit.started), (128 + 15, exit.ended));
    // A new server knows what the old one's jobs hold.
    drop(jobs);
    let jobs = driver(&ground, Isolation::Off);
    for spec in [&second, &third] {
        assert!(matches!(jobs.observe(&spec.id).await.unwrap(), JobStatus::Waiting { .. }));
    }
    fs::write(go, "").unwrap();
    for spec in [&first, &second, &third] {
        run(&jobs, spec).await;
    }
    let order = fs::read_to_string(ground.place("ml").join("order")).unwrap();
    assert!(
        order.starts_with("first\n") && order.contains("second\n") && order.contains("third\n"),
        "{order}"
    );
    assert!(!order.contains("stopped"), "{order}");
}

#[tokio::test]
async fn what_can_never_run_here_is_refused() {
    let ground = Ground::new();
    let jobs = driver(&ground, Isolation::Off);
    let mut huge = shell("huge", Root::Host, "true");
    huge.resources.memory_bytes = 2 << 30;
    let mut gpu = shell("gpu", Root::Host, "true");
    gpu.resources.gpus = 1;
    let mut image = ground.image(&[("app/x", "")]).await;
    image.config.labels.clear();
    let container = shell("container", Root::Image(Box::new(image.clone())), "true");
    let mut damaged = ground.image(&[("app/y", "")]).await;
    damaged.layers[0].digest = image.layers[0].digest.clone();
    let damaged = shell("damaged", Root::Image(Box::new(damaged)), "true");
    let mut packed = ground.image(&[("app/z", "")]).await;
    packed.layers[0].media_type.push_str("+zstd");
    let packed = shell("packed", Root::Image(Box::new(packed)), "true");
    for (spec, word) in [
        (huge, "CapacityError: it asks for 2048 MiB"),
        (gpu, "CapacityError: it asks for 1 GPUs"),
        (container, "image app:1 brings an operating system of its own and needs a container runtime"),
        (damaged, "damaged"),
        (packed, "tar+zstd"),
    ] {
        jobs.ensure(&spec).await.unwrap();
        let status = until(&jobs, &spec.id, |status| !matches!(status, JobStatus::Waiting { .. })).await;
        assert!(matches!(&status, JobStatus::Refused { reason } if reason.contains(word)), "{status:?}");
        jobs.ensure(&spec).await.unwrap();
        assert_eq!(jobs.observe(&spec.id).await.unwrap(), status);
        jobs.forget(&spec.id).await.unwrap();
    }
}

#[tokio::test]
async fn memory_is_limited() {
    for isolation in MODES {
        let ground = Ground::new();
        let jobs = driver(&ground, isolation);
        let eat = "import time; x = bytearray(300 << 20); print(len(x)); time.sleep(0.1)";
        let mut spec = shell("eats", Root::Host, "");
        spec.command = ["python3", "-c", eat].map(String::from).to_vec();
        let (exit, lines) = run(&jobs, &spec).await;
        assert_ne!(exit.code, 0, "it had all it wanted: {lines:?}");
        // Where control groups can be written the kernel ends it; elsewhere it is told that there is no more.
        assert!(
            exit.out_of_memory || lines.iter().any(|line| line.contains("MemoryError")),
            "{exit:?} {lines:?}"
        );
        let groups = fs::read_to_string("/proc/self/mountinfo").unwrap();
        for top in
            groups.lines().filter(|line| line.contains(" - cgroup")).filter_map(|line| line.split(' ').nth(4))
        {
            let ours = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().contains("-eats-");
            let left = || fs::read_dir(top).unwrap().flatten().filter(ours).count();
            // A supervisor takes its groups away after it has said how the job ended.
            let patience = tokio::time::Instant::now() + Duration::from_secs(20);
            while left() > 0 && tokio::time::Instant::now() < patience {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert_eq!(left(), 0, "a control group stays behind in {top}");
        }
    }
}

#[tokio::test]
async fn a_stubborn_family_is_ended() {
    for isolation in MODES {
        let ground = Ground::new();
        let jobs = driver(&ground, isolation);
        // A child in a session of its own that ignores what can be ignored.
        let script = "python3 -c 'import os,signal,time; os.setsid(); signal.signal(15, signal.SIG_IGN); \
                      print(\"up\", flush=True); time.sleep(4321)' & trap '' TERM; wait; wait";
        let spec = shell("stubborn", Root::Host, script);
        jobs.ensure(&spec).await.unwrap();
        prints(&jobs, &spec.id, "up").await;
        jobs.stop(&spec.id, Duration::from_millis(100)).await.unwrap();
        let over = until(&jobs, &spec.id, |status| matches!(status, JobStatus::Ended(_))).await;
        assert!(matches!(&over, JobStatus::Ended(exit) if exit.code == 128 + 9), "{over:?}");
        gone("time.sleep(4321)").await;
    }
}

#[tokio::test]
async fn a_store_that_comes_back_is_waited_for() {
    let ground = Ground::new();
    let image = ground.image(&[("opt/program/x", "x")]).await;
    let blob = image.layers[0].content.parts[0].blob.clone();
    ground.blobs.delete(&blob).await.unwrap();
    let jobs = driver(&ground, Isolation::Off);
    let spec = shell("late", Root::Image(Box::new(image.clone())), "cat /opt/program/x");
    jobs.ensure(&spec).await.unwrap();
    let status = jobs.observe(&spec.id).await.unwrap();
    assert!(matches!(&status, JobStatus::Waiting { reason } if reason.contains("unpacked")), "{status:?}");
    let same = ground.image(&[("opt/program/x", "x")]).await;
    assert_eq!(same, image);
    run(&jobs, &spec).await;
}
