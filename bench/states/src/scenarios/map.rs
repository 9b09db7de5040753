//! Maps: inline ones, and a distributed one.

use std::time::Instant;

use serde_json::{Value, json};

use super::{start, times};
use crate::{
    Done,
    figures::{Waits, show},
    machines::Machines,
    server::Server,
};

pub(super) async fn run(server: Server) -> Done {
    let processor = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    let items: Vec<_> = (0..1000).collect();
    let inline = server.machine("inline", &map(&items, processor.clone()), "STANDARD").await?;
    server.drive(("StartExecution", 1, 5), |n| start(&inline, &format!("w-{n}"))).await?;
    let took = server.drive(("StartExecution", 1, times(50)), |n| start(&inline, &format!("i-{n}"))).await?;
    show("inline Map of 1,000 items, one by one", &took, "≤ 150 ms");
    let mut distributed = processor;
    distributed["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    let items: Vec<_> = (0..10_000).collect();
    let mut definition = map(&items, distributed);
    definition["States"]["M"]["MaxConcurrency"] = 1000.into();
    definition["States"]["M"]["Label"] = "items".into();
    // AWS holds 256 KiB in one state: the results would be more.
    definition["States"]["M"]["ResultPath"] = Value::Null;
    let machine = server.machine("distributed", &definition, "STANDARD").await?;
    let (mut waits, counting) = (Waits::default(), server.begin().await?);
    let (mut link, began) = (server.link().await?, Instant::now());
    let started: Value = serde_json::from_slice(&link.call("StartExecution", &start(&machine, "d")).await?)?;
    let arn = json!({"executionArn": started["executionArn"]});
    loop {
        // Seldom enough to cost nothing.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let shown = link.ask("DescribeExecution", &arn).await?;
        match shown["status"].as_str() {
            Some("RUNNING") => {}
            Some("SUCCEEDED") => break,
            _ => return Err(format!("the distributed Map did not end well: {shown}").into()),
        }
    }
    waits.add(began.elapsed());
    show("distributed Map, 10,000 items, 1,000 at a time", &counting.end(waits).await?, "");
    Ok(())
}

fn map(items: &[i32], processor: Value) -> Value {
    json!({"StartAt": "All", "States": {
        "All": {"Type": "Pass", "Result": items, "Next": "M"},
        "M": {"Type": "Map", "ItemProcessor": processor, "End": true},
    }})
}
