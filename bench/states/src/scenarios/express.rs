//! Express executions that are waited for.

use super::{pass, row, start, times};
use crate::{Done, figures::show, machines::Machines, server::Server};

pub(super) async fn run(server: Server) -> Done {
    let machine = server.machine("express", &row(10, pass), "EXPRESS").await?;
    server.drive(("StartSyncExecution", 64, times(2000)), |n| start(&machine, &format!("w-{n}"))).await?;
    let took = server
        .drive(("StartSyncExecution", 64, times(20_000)), |n| start(&machine, &format!("e-{n}")))
        .await?;
    show("StartSyncExecution (ten Pass), 64 at a time", &took, "≥ 3000/s");
    let took =
        server.drive(("StartSyncExecution", 1, times(2000)), |n| start(&machine, &format!("o-{n}"))).await?;
    show("StartSyncExecution (ten Pass), one by one", &took, "");
    Ok(())
}
