//! What the tests of pure parts are about.

use trainyard_domain::{Arn, Failure, Scope, Timestamp};
use trainyard_engine::{ItemSource, MapRunCall, Outcome, Payload};
use trainyard_store::{List, Store};

use super::{
    super::{
        carry,
        execution::{Execution, Status},
    },
    Child, MapRun,
    child::ChildEnd,
};
use crate::unreadable::spoil;

/// An execution that has begun.
pub(in super::super) fn execution() -> Execution {
    Execution {
        scope: Scope::default_scope(),
        machine: "m".into(),
        name: "x".into(),
        express: None,
        revision: "r".into(),
        role: "arn:aws:iam::000000000000:role/m".parse().unwrap(),
        input: "{}".into(),
        started: Timestamp(1000),
        status: Status::Running,
        end: None,
        lineage: Default::default(),
        by: "arn:aws:iam::000000000000:root".parse().unwrap(),
        trace: None,
        parent: None,
        child: None,
        version: None,
        alias: None,
        redrives: Default::default(),
    }
}

/// Nobody can read how children of the map run have ended that were not counted yet. Says how many these are.
pub(in super::super) async fn spoil_ends(store: &Store, run: &Arn) -> usize {
    let ends = store.list::<ChildEnd>(List::in_scope(run)).await.unwrap().items;
    let count = ends.len();
    for end in ends {
        spoil(store, end.value).await;
    }
    count
}

/// A map run that has begun.
pub(super) fn map_run() -> MapRun {
    let call = MapRunCall {
        token: "token".into(),
        arn: "arn:aws:states:us-east-1:000000000000:mapRun:m/label:id".into(),
        machine: "m/label".into(),
        state_name: "Map".into(),
        pointer: "/States/Map".into(),
        items: ItemSource::Here(Payload::default()),
        concurrency: 0,
        tolerated_count: None,
        tolerated_percentage: None,
        batch: None,
        results: None,
    };
    MapRun::new(&execution(), &call, (0, Timestamp(1000))).unwrap()
}

/// A child that has ended: with an output, or with an error and its cause. Its input is its index.
pub(super) fn child(index: u64, end: Result<&str, (&str, &str)>) -> Execution {
    let run = map_run();
    let child = Child { map_run: run.arn.clone(), index, items: 1, pointer: String::new(), express: false };
    let mut execution = Execution {
        machine: run.machine.clone(),
        name: super::children::name(&run, index),
        input: index.to_string(),
        child: Some(child),
        ..execution()
    };
    let outcome = match end {
        Ok(output) => Outcome::Succeeded { output: Payload::parse(output).unwrap() },
        Err((error, cause)) => Outcome::Failed { failure: Failure::new(error, cause) },
    };
    carry::finish(&mut execution, &outcome, Timestamp(2000));
    execution
}
