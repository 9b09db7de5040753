//! `trainyard status`: what runs and what waits, now.

use clap::Args;
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

use crate::{
    client::{Client, ClientError},
    connect::ConnectArgs,
    failure::Failure,
    printer,
    remote::{Answered, approvals, builds, endpoints, executions, history::History, jobs, last, registry},
    table::{self, Output, ago, cut},
};

/// Flags of `trainyard status`.
#[derive(Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    /// How to write the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// One thing that runs or waits.
struct Line {
    kind: &'static str,
    name: String,
    status: String,
    since: f64,
    detail: String,
}

/// Prints what runs and waits.
pub(crate) async fn run(args: StatusArgs) -> Result<(), Failure> {
    let lines = look(&args.connect.client()?).await?;
    match args.output {
        Output::Json => printer::result(Value::from_iter(lines.iter().map(shown))),
        Output::Table if lines.is_empty() => printer::talk("nothing runs, and nothing waits"),
        Output::Table => {
            let now = table::now();
            let rows: Vec<_> = lines
                .iter()
                .map(|line| {
                    let kind = line.kind.to_owned();
                    let detail = cut(&line.detail, 60);
                    [kind, line.name.clone(), line.status.clone(), ago(line.since, now), detail]
                })
                .collect();
            printer::result(table::table(["KIND", "NAME", "STATUS", "SINCE", "DETAIL"], &rows));
        }
    }
    next(&lines);
    Ok(())
}

fn shown(line: &Line) -> Value {
    let Line { kind, name, status, since, detail } = line;
    json!({"kind": kind, "name": name, "status": status, "since": since, "detail": detail})
}

fn next(lines: &[Line]) {
    let waits = lines.iter().find(|line| ["approval", "model version"].contains(&line.kind));
    let runs = lines.iter().find(|line| ["build", "execution"].contains(&line.kind));
    match (waits, runs) {
        (Some(line), _) => printer::talk(format_args!("next: trainyard approve {}", line.name)),
        (None, Some(line)) => printer::talk(format_args!("next: trainyard logs -f {}", line.name)),
        (None, None) => {}
    }
}

/// How much of what the server keeps is damaged, as `/health` counts it.
async fn damaged(client: &Client) -> Result<Option<Line>, ClientError> {
    let nothing = Full::default().map_err(|never| match never {}).boxed_unsync();
    let answer = client.send((Method::GET, "/health"), HeaderMap::new(), nothing).await?;
    let health: Value = serde_json::from_slice(&client.collect(answer).await?.body).unwrap_or_default();
    let count = health["damaged"].as_u64().filter(|count| *count > 0);
    Ok(count.map(|count| Line {
        kind: "store",
        name: format!("{count} of its records"),
        status: "damaged".to_owned(),
        since: table::now(),
        detail: "the server's log names them; the rest goes on".to_owned(),
    }))
}

/// Where an execution is. One whose history the server cannot read hides nothing of the others.
fn place(history: Answered<History>) -> Answered<String> {
    match history {
        Ok(history) => {
            let at = history.visits.iter().rev().find(|visit| visit.left.is_none());
            Ok(at.map_or_else(String::new, |visit| format!(" at {}", visit.state)))
        }
        Err(ClientError::Refused { message, .. }) => Ok(format!(": {message}")),
        Err(error) => Err(error),
    }
}

async fn look(client: &Client) -> Answered<Vec<Line>> {
    let mut lines = Vec::from_iter(damaged(client).await?);
    let mut waits = jobs::waiting(client).await?;
    for build in builds::list(client).await?.into_iter().filter(|build| !build.is_over()) {
        lines.push(Line {
            kind: "build",
            status: build.build_status.clone(),
            since: build.start_time.unwrap_or_default(),
            detail: waits.remove(last(&build.id)).or(build.current_phase).unwrap_or_default(),
            name: build.id,
        });
    }
    for machine in executions::machines(client).await? {
        for execution in executions::list(client, &machine.state_machine_arn, Some("RUNNING")).await? {
            let place = place(executions::history(client, &execution.execution_arn).await)?;
            lines.push(Line {
                kind: "execution",
                name: execution.name,
                status: execution.status,
                since: execution.start_date,
                detail: format!("{}{place}", machine.name),
            });
        }
    }
    lines.extend(jobs::running(client).await?.into_iter().map(|job| Line {
        kind: job.kind.shown(),
        detail: waits.remove(&job.name).or(job.secondary).unwrap_or_default(),
        name: job.name,
        status: job.status,
        since: job.created,
    }));
    lines.extend(approvals::list(client, Some("Pending")).await?.into_iter().map(|approval| Line {
        kind: "approval",
        name: approval.id,
        status: approval.status,
        since: approval.requested_at,
        detail: approval.title,
    }));
    lines.extend(registry::pending(client).await?.into_iter().map(|package| Line {
        kind: "model version",
        name: package.name(),
        status: package.approval().to_owned(),
        since: package.creation_time,
        detail: package.model_package_description.unwrap_or_default(),
    }));
    for listed in endpoints::list(client).await? {
        // The list has no reasons.
        let endpoint = endpoints::get(client, &listed.endpoint_name).await?.unwrap_or(listed);
        lines.push(Line {
            kind: "endpoint",
            name: endpoint.endpoint_name,
            status: endpoint.endpoint_status,
            since: endpoint.last_modified_time,
            detail: endpoint.failure_reason.unwrap_or_default(),
        });
    }
    Ok(lines)
}
