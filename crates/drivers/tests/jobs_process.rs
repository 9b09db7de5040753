//! Jobs as processes: the port's suite, and what only processes can show.

mod ground;

use ground::Ground;
use trainyard_domain::{job::Root, ports::JobDriver};
use trainyard_drivers::{
    conformance::{self, JobGround},
    jobs::Process,
    process::Isolation,
};

async fn conforms(isolation: Isolation, host: bool) {
    let ground = Ground::new();
    let image = ground.image(&[("opt/program/hello", "hello")]).await;
    let root = if host { Root::Host } else { Root::Image(Box::new(image)) };
    let directory = ground.place("mounted");
    let config = ground.config(isolation);
    let restart =
        Box::new(move || Box::new(Process::new(config.clone()).expect("a driver")) as Box<dyn JobDriver>);
    conformance::jobs(&JobGround { root, directory, restart }).await;
}

#[tokio::test]
async fn images_without_isolation_keep_the_contract() {
    conforms(Isolation::Off, false).await;
}

#[tokio::test]
async fn the_host_without_isolation_keeps_the_contract() {
    conforms(Isolation::Off, true).await;
}

#[tokio::test]
async fn images_keep_the_contract() {
    conforms(Isolation::Auto, false).await;
}

#[tokio::test]
async fn the_host_keeps_the_contract() {
    conforms(Isolation::Auto, true).await;
}
