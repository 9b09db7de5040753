//! Events put by some and received by others. Each event says when its call was sent, or was due, so that its way can be
//! timed where it ends.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use futures::future::{join, try_join_all};
use serde_json::{Value, json};
use trainyard_bench_load::{
    Done,
    figures::{Took, Waits},
    link::Link,
    server::Server,
};

use crate::SQS;

/// So many entries in a call, which is as many as there can be.
pub(crate) const ENTRIES: usize = 10;
/// What an event says besides: about as much as the house's own events say.
const WORDS: &str = "arn:aws:sagemaker:us-east-1:000000000000:training-job/nightly-2026-11-28-0042";

/// A queue that gets all events of a source by a rule, among rules that wait for others.
pub(crate) struct Flow<'a> {
    server: &'a Server,
    queue: String,
    began: Instant,
}

/// How events are put.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// Calls at the same time.
    pub(crate) width: usize,
    /// All calls.
    pub(crate) calls: usize,
    /// The pause from when a call is due to when the next is, if they are not made as fast as they can be. A call that is
    /// made late, since all who put wait for their answers, has been on its way since it was due: what holds up many
    /// calls counts for each of them.
    pub(crate) every: Option<Duration>,
}

impl<'a> Flow<'a> {
    pub(crate) async fn new(server: &'a Server) -> Done<Self> {
        let mut sqs = server.link_to(SQS).await?;
        let made = sqs.ask("CreateQueue", &json!({"QueueName": "bench"})).await?;
        let queue = made["QueueUrl"].as_str().ok_or("no queue")?.to_owned();
        let mut events = server.link().await?;
        for n in 0..100 {
            let source = if n == 50 { "bench".to_owned() } else { format!("bench.{n}") };
            let pattern = json!({"source": [source], "detail": {"state": ["SUCCEEDED", "FAILED"]}});
            let name = format!("rule-{n}");
            let rule = json!({"Name": name, "EventPattern": pattern.to_string()});
            events.ask("PutRule", &rule).await?;
            let target = json!({"Id": "q", "Arn": "arn:aws:sqs:us-east-1:000000000000:bench"});
            events.ask("PutTargets", &json!({"Rule": name, "Targets": [target]})).await?;
        }
        Ok(Self { server, queue, began: Instant::now() })
    }

    /// Puts events while so many receive them; how long each took from its call to its receiver.
    pub(crate) async fn run(&self, pace: Pace, receivers: usize) -> Done<Took> {
        let putters = try_join_all((0..pace.width).map(|_| self.server.link())).await?;
        let receivers = try_join_all((0..receivers).map(|_| self.server.link_to(SQS))).await?;
        let counting = self.server.begin().await?;
        let (next, got) = (Cell::new(0), Cell::new(0));
        let first = self.began.elapsed();
        let putting = putters.into_iter().map(|link| self.put(link, (pace, first), &next));
        let receiving = receivers.into_iter().map(|link| self.receive(link, pace.calls * ENTRIES, &got));
        let (put, received) = join(try_join_all(putting), try_join_all(receiving)).await;
        put?;
        let mut waits = Waits::default();
        received?.into_iter().flatten().for_each(|wait| waits.add(wait));
        counting.end(waits).await
    }

    /// Puts events with nobody who receives them, until all are in the queue.
    pub(crate) async fn fill(&self, pace: Pace) -> Done<Took> {
        let putters = try_join_all((0..pace.width).map(|_| self.server.link())).await?;
        let there = async || self.server.metric("trainyard_events_delivered_total").await;
        let (counting, before, next) = (self.server.begin().await?, there().await?, Cell::new(0));
        let (began, first) = (Instant::now(), self.began.elapsed());
        try_join_all(putters.into_iter().map(|link| self.put(link, (pace, first), &next))).await?;
        let wanted = before + (pace.calls * ENTRIES) as u64;
        while there().await? < wanted {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let mut waits = Waits::default();
        (0..pace.calls * ENTRIES).for_each(|_| waits.add(began.elapsed()));
        counting.end(waits).await
    }

    /// `first`: when the first call is due, since the beginning.
    async fn put(&self, mut link: Link, (pace, first): (Pace, Duration), next: &Cell<usize>) -> Done {
        while next.get() < pace.calls {
            let number = next.replace(next.get() + 1);
            let sent = match pace.every {
                Some(every) => {
                    let due = first + every * u32::try_from(number)?;
                    tokio::time::sleep_until((self.began + due).into()).await;
                    due
                }
                None => self.began.elapsed(),
            };
            let answer = link.call("PutEvents", &entries(number, sent)).await?;
            let answer = String::from_utf8_lossy(&answer);
            if !answer.contains("\"FailedEntryCount\":0,") {
                return Err(format!("not all were taken: {answer}").into());
            }
        }
        Ok(())
    }

    async fn receive(&self, mut link: Link, count: usize, got: &Cell<usize>) -> Done<Vec<Duration>> {
        let asked =
            json!({"QueueUrl": self.queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}).to_string();
        let mut waits = Vec::new();
        while got.get() < count {
            let answer: Value = serde_json::from_slice(&link.call("ReceiveMessage", &asked).await?)?;
            let now = self.began.elapsed();
            let messages = answer["Messages"].as_array().map_or(&[][..], Vec::as_slice);
            for message in messages {
                waits.push(now.saturating_sub(sent(message)?));
            }
            got.set(got.get() + messages.len());
            let entry = |(at, message): (usize, &Value)| json!({"Id": at.to_string(), "ReceiptHandle": message["ReceiptHandle"]});
            let entries: Vec<_> = messages.iter().enumerate().map(entry).collect();
            if !entries.is_empty() {
                let done = json!({"QueueUrl": self.queue, "Entries": entries}).to_string();
                link.call("DeleteMessageBatch", &done).await?;
            }
        }
        Ok(waits)
    }
}

fn entries(number: usize, sent: Duration) -> String {
    let entry = |n: usize| {
        let detail = json!({"sent": sent.as_nanos().to_string(), "state": "SUCCEEDED", "n": n, "job": WORDS});
        json!({"Source": "bench", "DetailType": "Bench", "Detail": detail.to_string()})
    };
    let entries: Vec<_> = (0..ENTRIES).map(|n| entry(number * ENTRIES + n)).collect();
    json!({ "Entries": entries }).to_string()
}

/// When the event's call was sent or due, since the beginning.
fn sent(message: &Value) -> Done<Duration> {
    let body = message["Body"].as_str().ok_or("a message without a body")?;
    let rest = body.split_once("\"sent\":\"").ok_or("a message that is not ours")?.1;
    let digits = rest.split('"').next().unwrap_or_default();
    Ok(Duration::from_nanos(digits.parse()?))
}
