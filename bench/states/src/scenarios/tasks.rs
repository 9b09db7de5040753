//! Ten tasks in a row, each answered by its token: a worker takes it from an activity and answers. An execution is over
//! when the answer to its last task is acknowledged, since that is in the same commit.

use std::{collections::HashMap, time::Instant};

use futures::future::try_join_all;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{row, start, times};
use crate::{
    Done,
    figures::{Waits, show},
    link::Link,
    machines::Machines,
    server::Server,
};

/// As many workers as there are tasks at a time: none waits for a worker.
const WIDTH: usize = 64;

pub(super) async fn run(server: Server) -> Done {
    let made = server.link().await?.ask("CreateActivity", &json!({"name": "work"})).await?;
    let activity = made["activityArn"].as_str().ok_or("no ARN")?.to_owned();
    let last = |n: usize| json!({"Type": "Task", "Resource": activity, "Parameters": {"name.$": "$$.Execution.Name", "last": n == 9}});
    let machine = server.machine("tasks", &row(10, last), "STANDARD").await?;
    let work = Work { server: &server, machine: &machine, activity: &activity };
    work.done("w", WIDTH, times(300)).await?;
    let took = work.done("m", WIDTH, times(2000)).await?;
    show("ten activity tasks, 64 at a time", &took, "≥ 5 × Restate's 131–139/s");
    let took = work.done("f", 1, times(200)).await?;
    show("ten activity tasks, one by one", &took, "p50 ≤ half of Restate's 22 ms");
    bounds(&server).await
}

/// What a request costs that does next to nothing: twenty-one of them are the least that an execution of ten tasks
/// takes, before anything is decided or kept.
async fn bounds(server: &Server) -> Done {
    let machine = row(1, super::pass).to_string();
    let ask = |_| json!({"definition": machine}).to_string();
    for (width, count) in [(WIDTH, times(20_000)), (1, times(4000))] {
        let took = server.drive(("ValidateStateMachineDefinition", width, count), ask).await?;
        show(
            &format!("a request that keeps nothing, {width} at a time"),
            &took,
            "21 of them bound ten tasks",
        );
    }
    Ok(())
}

struct Work<'a> {
    server: &'a Server,
    machine: &'a str,
    activity: &'a str,
}

impl Work<'_> {
    /// So many executions, `width` at a time.
    async fn done(&self, names: &str, width: usize, count: usize) -> Done<crate::figures::Took> {
        let (over, mut ended) = mpsc::unbounded_channel();
        let links = try_join_all((0..width).map(|_| self.server.link())).await?;
        let workers = try_join_all((0..width).map(|_| self.server.link())).await?;
        let counting = self.server.begin().await?;
        let workers: Vec<_> = workers
            .into_iter()
            .map(|link| tokio::spawn(serve(link, self.activity.to_owned(), over.clone())))
            .collect();
        let mut idle = links;
        let (mut running, mut waits, mut next) = (HashMap::new(), Waits::default(), 0);
        let mut starting = futures::stream::FuturesUnordered::new();
        while waits.count() < count {
            while next < count && running.len() < width {
                let (name, mut link) = (format!("{names}-{next}"), idle.pop().ok_or("no connection")?);
                running.insert(name.clone(), Instant::now());
                next += 1;
                starting.push(async move {
                    link.call("StartExecution", &start(self.machine, &name)).await?;
                    Done::Ok(link)
                });
            }
            tokio::select! {
                Some(link) = futures::StreamExt::next(&mut starting), if !starting.is_empty() => idle.push(link?),
                Some(name) = ended.recv(), if idle.len() + starting.len() > 0 => {
                    let name: String = name?;
                    waits.add(running.remove(&name).ok_or("ended twice")?.elapsed());
                    // Its start was answered before, or will be at once.
                    if idle.is_empty() && let Some(link) = futures::StreamExt::next(&mut starting).await {
                        idle.push(link?);
                    }
                }
            }
        }
        for worker in workers {
            worker.abort();
        }
        counting.end(waits).await
    }
}

/// A worker: takes a task, answers it, and tells when it was an execution's last.
async fn serve(mut link: Link, activity: String, over: mpsc::UnboundedSender<Done<String>>) {
    loop {
        match one(&mut link, &activity).await {
            Ok(None) => {}
            ended => {
                let failed = ended.is_err();
                if over.send(ended.map(Option::unwrap_or_default)).is_err() || failed {
                    return;
                }
            }
        }
    }
}

async fn one(link: &mut Link, activity: &str) -> Done<Option<String>> {
    let task = link.ask("GetActivityTask", &json!({"activityArn": activity})).await?;
    let Some(token) = task["taskToken"].as_str() else { return Ok(None) };
    let input: Value = serde_json::from_str(task["input"].as_str().unwrap_or_default())?;
    link.call("SendTaskSuccess", &json!({"taskToken": token, "output": "{\"step\":\"done\"}"}).to_string())
        .await?;
    let name = input["name"].as_str().unwrap_or_default().to_owned();
    Ok((input["last"] == true).then_some(name))
}
