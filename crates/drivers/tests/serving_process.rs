//! Variants as processes: the port's suite.

mod ground;

use std::{collections::BTreeMap, fs, time::Duration};

use ground::Ground;
use trainyard_domain::{
    job::Resources,
    ports::ServingDriver,
    serving::{Health, VariantId, VariantSpec},
};
use trainyard_drivers::{
    conformance::{self, ServingGround},
    process::Isolation,
    serving::Process,
};

async fn conforms(isolation: Isolation) {
    let ground = Ground::new();
    let image = ground.image(&[("opt/program/hello", "hello")]).await;
    let directory = ground.place("mounted");
    let config = ground.config(isolation);
    let restart =
        Box::new(move || Box::new(Process::new(config.clone()).expect("a driver")) as Box<dyn ServingDriver>);
    conformance::serving(&ServingGround { image, directory, restart }).await;
}

#[tokio::test]
async fn variants_without_isolation_keep_the_contract() {
    conforms(Isolation::Off).await;
}

#[tokio::test]
async fn variants_keep_the_contract() {
    conforms(Isolation::Auto).await;
}

/// As a server leaves it that ended between taking the variant on and starting it, early and late.
#[tokio::test]
async fn one_that_was_taken_on_and_not_started_is_started_by_the_next_server() {
    let ground = Ground::new();
    let id: VariantId = "halfway".to_owned().try_into().unwrap();
    let spec = VariantSpec {
        id: id.clone(),
        image: ground.image(&[("opt/program/hello", "hello")]).await,
        command: ["sh", "-c", "exit 7"].map(String::from).to_vec(),
        env: BTreeMap::new(),
        working_dir: "/".into(),
        mounts: Vec::new(),
        resources: Resources { cpu_millis: 1000, memory_bytes: 512 << 20, gpus: 0 },
    };
    let driver = || Process::new(ground.config(Isolation::Off)).unwrap();
    let runs = ground.place("runs").join("halfway/runs");
    driver().ensure(&spec).await.unwrap();
    let tried = runs.join("1/exit.json");
    ended(&driver(), &id).await;
    for name in ["1/exit.json", "1/started.json", "1/log"] {
        fs::remove_file(runs.join(name)).unwrap();
    }
    assert_eq!(driver().observe(&id).await.unwrap(), Health::Unstarted);
    let next = driver();
    next.ensure(&spec).await.unwrap();
    ended(&next, &id).await;
    assert!(tried.exists(), "it is the same run");
    fs::remove_dir_all(&runs).unwrap();
    assert_eq!(driver().observe(&id).await.unwrap(), Health::Unstarted);
    let next = driver();
    next.ensure(&spec).await.unwrap();
    ended(&next, &id).await;
    next.remove(&id).await.unwrap();
    assert_eq!(next.observe(&id).await.unwrap(), Health::Absent);
}

async fn ended(driver: &Process, id: &VariantId) {
    let seen = async {
        loop {
            match driver.observe(id).await.expect("an answer") {
                Health::Failed { reason } => break reason,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    let reason = tokio::time::timeout(Duration::from_secs(60), seen).await.expect("an end");
    assert!(reason.contains('7'), "{reason}");
}
