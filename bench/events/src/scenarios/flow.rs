//! From PutEvents to receivers that delete what they get, as fast as it goes.

use trainyard_bench_load::{Done, figures::show, server::Server, times};

use crate::flow::{Flow, Pace};

pub(super) async fn run(server: Server) -> Done {
    let flow = Flow::new(&server).await?;
    flow.run(Pace { width: 4, calls: times(200), every: None }, 4).await?;
    let took = flow.run(Pace { width: 4, calls: times(3000), every: None }, 4).await?;
    show("put, received and deleted, 4 and 4 at a time", &took, "≥ 5000/s");
    Ok(())
}
