//! Executions that wait for nobody. Their end is in the commit that begins them, so the answer to `StartExecution`
//! comes after it: the listing at the end of each measurement shows that all of them had ended.

use super::{pass, row, start, times};
use crate::{Done, figures::show, machines::Machines, server::Server};

pub(super) async fn run(server: Server) -> Done {
    let ten = server.machine("ten", &row(10, pass), "STANDARD").await?;
    let one = server.machine("one", &row(1, pass), "STANDARD").await?;
    server.drive(("StartExecution", 64, times(2000)), |n| start(&ten, &format!("warm-{n}"))).await?;
    let (many, few) = (times(10_000), times(1000));
    let took = server.drive(("StartExecution", 64, many), |n| start(&ten, &format!("m-{n}"))).await?;
    show("ten Pass states to the end, 64 at a time", &took, "≥ 1500/s, ≤ 0.6 ms server");
    let took = server.drive(("StartExecution", 1, few), |n| start(&ten, &format!("f-{n}"))).await?;
    show("ten Pass states to the end, one by one", &took, "p50 ≤ 3 ms");
    let took = server.drive(("StartExecution", 64, many), |n| start(&one, &format!("m-{n}"))).await?;
    show("StartExecution (one Pass state), 64 at a time", &took, "≥ 4000/s");
    let ended = (server.count(&ten, "SUCCEEDED").await?, server.count(&one, "SUCCEEDED").await?);
    if ended != (times(2000) + many + few, many) {
        return Err(format!("not all have ended: {ended:?}").into());
    }
    Ok(())
}
