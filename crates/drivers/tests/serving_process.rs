//! Variants as processes: the port's suite.

mod ground;

use ground::Ground;
use trainyard_domain::ports::ServingDriver;
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
