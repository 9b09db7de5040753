//! Reading a long history, page by page.

use std::time::Instant;

use serde_json::{Value, json};

use super::{row, start};
use crate::{
    Done,
    figures::{Waits, note, show},
    machines::Machines,
    server::Server,
};

/// Six Maps of 1,000 items, four events an item: nearly as many events as AWS lets a history have.
const MAPS: usize = 6;

pub(super) async fn run(server: Server) -> Done {
    let items: Vec<_> = (0..1000).collect();
    let map = |n: usize| {
        let (first, states) = (format!("P{n}"), json!({format!("P{n}"): {"Type": "Pass", "End": true}}));
        let processor = json!({"StartAt": first, "States": states});
        json!({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "ResultPath": null})
    };
    let machine = server.machine("long", &row(MAPS, map), "STANDARD").await?;
    let mut link = server.link().await?;
    let mut input: Value = serde_json::from_str(&start(&machine, "h"))?;
    input["input"] = json!({ "items": items }).to_string().into();
    let started = link.ask("StartExecution", &input).await?;
    let arn = json!({"executionArn": started["executionArn"]});
    while link.ask("DescribeExecution", &arn).await?["status"] == "RUNNING" {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let before = server.memory()?;
    for (name, backward) in [("a page of 1,000 events, from the first", false), ("… from the last", true)] {
        let (mut waits, mut events, mut next) = (Waits::default(), 0, Value::Null);
        let counting = server.begin().await?;
        loop {
            let mut input = json!({"executionArn": started["executionArn"], "maxResults": 1000, "reverseOrder": backward});
            if !next.is_null() {
                input["nextToken"] = next;
            }
            let began = Instant::now();
            let page = link.call("GetExecutionHistory", &input.to_string()).await?;
            waits.add(began.elapsed());
            let mut page: Value = serde_json::from_slice(&page)?;
            events += page["events"].as_array().map_or(0, Vec::len);
            next = page["nextToken"].take();
            if next.is_null() {
                break;
            }
        }
        show(&format!("{name} (of {events})"), &counting.end(waits).await?, "");
    }
    let grown = server.memory()?.saturating_sub(before);
    note("memory that reading it has taken", &format!("{:.1} MB", grown as f64 / 1e6), "");
    Ok(())
}
