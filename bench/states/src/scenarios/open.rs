//! Executions that wait: half of them for a time, half of them for a worker.

use serde_json::json;

use super::{row, start, times};
use crate::{
    Done,
    figures::{note, show},
    machines::Machines,
    server::Server,
};

pub(super) async fn run(server: Server) -> Done {
    let half = times(50_000);
    let made = server.link().await?.ask("CreateActivity", &json!({"name": "slow"})).await?;
    let resource = made["activityArn"].clone();
    let waits =
        server.machine("timers", &row(1, |_| json!({"Type": "Wait", "Seconds": 86_400})), "STANDARD").await?;
    let task = |_| json!({"Type": "Task", "Resource": resource});
    let tokens = server.machine("tokens", &row(1, task), "STANDARD").await?;
    let before = server.memory()?;
    let took = server.drive(("StartExecution", 64, half), |n| start(&waits, &format!("t-{n}"))).await?;
    show("StartExecution (waits for a timer), 64 at a time", &took, "");
    let took = server.drive(("StartExecution", 64, half), |n| start(&tokens, &format!("w-{n}"))).await?;
    show("StartExecution (waits for a worker), 64 at a time", &took, "");
    let count = 2 * half as u64;
    let mega = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    note(&format!("{count} executions wait: memory"), &mega(server.memory()?), "≤ 1 GB");
    let each = server.memory()?.saturating_sub(before) / count;
    note("memory for each of them", &format!("{each} B"), "≤ 10 KB");
    note("on disk", &mega(server.kept()?), "");
    let server = server.again().await?;
    note("killed; ready again after", &format!("{:.2?}", server.ready), "≤ 5 s");
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    note("memory then", &mega(server.memory()?), "≤ 1 GB");
    let open = server.count(&waits, "RUNNING").await? + server.count(&tokens, "RUNNING").await?;
    if open as u64 != count {
        return Err(format!("{open} of {count} are open").into());
    }
    Ok(())
}
