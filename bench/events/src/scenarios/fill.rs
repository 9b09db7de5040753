//! From PutEvents to the queue, as fast as it goes, with nobody who receives.

use trainyard_bench_load::{Done, figures::show, server::Server, times};

use crate::flow::{Flow, Pace};

pub(super) async fn run(server: Server) -> Done {
    let flow = Flow::new(&server).await?;
    flow.fill(Pace { width: 8, calls: times(200), every: None }).await?;
    let took = flow.fill(Pace { width: 8, calls: times(3000), every: None }).await?;
    show("put until all are in the queue, 8 at a time", &took, "≥ 5000/s");
    Ok(())
}
