//! The same at half of the rate that is asked for: how long an event is on its way.

use std::time::Duration;

use trainyard_bench_load::{Done, figures::show, server::Server, times};

use crate::flow::{Flow, Pace};

/// 250 calls of ten events a second.
const EVERY: Duration = Duration::from_millis(4);
/// So many put that calls go on being made on time while the server stands still for a quarter of a second.
const PUTTERS: usize = 64;

pub(super) async fn run(server: Server) -> Done {
    let flow = Flow::new(&server).await?;
    flow.run(Pace { width: PUTTERS, calls: times(250), every: Some(EVERY) }, 4).await?;
    let took = flow.run(Pace { width: PUTTERS, calls: times(2500), every: Some(EVERY) }, 4).await?;
    show("2,500 events/s, put, received and deleted", &took, "p50 ≤ 5 ms");
    Ok(())
}
