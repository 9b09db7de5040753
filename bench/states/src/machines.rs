//! State machines and executions of a server.

use serde_json::{Value, json};
use trainyard_bench_load::{Done, server::Server};

/// What a server can be asked of its state machines.
pub(crate) trait Machines {
    /// Makes a state machine and returns its ARN.
    async fn machine(&self, name: &str, definition: &Value, kind: &str) -> Done<String>;

    /// How many executions of the state machine stand so.
    async fn count(&self, machine: &str, status: &str) -> Done<usize>;
}

impl Machines for Server {
    async fn machine(&self, name: &str, definition: &Value, kind: &str) -> Done<String> {
        let input = json!({
            "name": name,
            "definition": definition.to_string(),
            "roleArn": "arn:aws:iam::000000000000:role/bench",
            "type": kind,
        });
        let made = self.link().await?.ask("CreateStateMachine", &input).await?;
        Ok(made["stateMachineArn"].as_str().ok_or("no ARN")?.to_owned())
    }

    async fn count(&self, machine: &str, status: &str) -> Done<usize> {
        let (mut link, mut found, mut next) = (self.link().await?, 0, Value::Null);
        loop {
            let mut input = json!({"stateMachineArn": machine, "statusFilter": status, "maxResults": 1000});
            if !next.is_null() {
                input["nextToken"] = next;
            }
            let mut page = link.ask("ListExecutions", &input).await?;
            found += page["executions"].as_array().map_or(0, Vec::len);
            next = page["nextToken"].take();
            if next.is_null() {
                return Ok(found);
            }
        }
    }
}
