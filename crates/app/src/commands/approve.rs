//! `trainyard approve` and `trainyard reject`: answers questions that executions wait with and model versions alike.

use clap::Args;

use crate::{
    client::Client,
    connect::ConnectArgs,
    failure::Failure,
    printer,
    remote::{
        Answered,
        approvals::{self, Approval},
        registry::{self, Package},
    },
    table::{self, Output, ago, cut},
};

/// Flags of `trainyard approve`.
#[derive(Args)]
pub(crate) struct ApproveArgs {
    /// What to approve: the name of a question, or a model version as group/version; without it, what waits is listed
    name: Option<String>,
    #[command(flatten)]
    more: AnswerArgs,
    /// How to write the list
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Flags of `trainyard reject`.
#[derive(Args)]
pub(crate) struct RejectArgs {
    /// What to reject: the name of a question, or a model version as group/version
    name: String,
    #[command(flatten)]
    more: AnswerArgs,
}

#[derive(Args)]
struct AnswerArgs {
    /// Why; kept with the answer
    #[arg(short, long, value_name = "TEXT")]
    comment: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// What waits for an answer.
pub(crate) enum Waiting {
    /// A question of an execution.
    Question(Approval),
    /// A model version.
    Version(Package),
}

impl Waiting {
    fn row(&self, now: f64) -> [String; 3] {
        match self {
            Self::Question(it) => [it.id.clone(), ago(it.requested_at, now), cut(&it.title, 80)],
            Self::Version(it) => {
                let what = it.model_package_description.as_deref().unwrap_or_default();
                [it.name(), ago(it.creation_time, now), cut(&format!("model version: {what}"), 80)]
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Question(it) => it.id.clone(),
            Self::Version(it) => it.name(),
        }
    }

    fn shown(&self) -> serde_json::Value {
        match self {
            Self::Question(it) => serde_json::json!({
                "name": it.id, "kind": "approval", "since": it.requested_at, "title": it.title,
                "executionArn": it.execution_arn, "detail": it.detail,
            }),
            Self::Version(it) => serde_json::json!({
                "name": it.name(), "kind": "model version", "since": it.creation_time,
                "title": it.model_package_description, "modelPackageArn": it.model_package_arn,
            }),
        }
    }
}

/// Approves, or lists what waits.
pub(crate) async fn approve(args: ApproveArgs) -> Result<(), Failure> {
    let client = args.more.connect.client()?;
    match args.name {
        Some(name) => answer(&client, (&name, true), args.more.comment.as_deref()).await,
        None => list(&client, args.output).await,
    }
}

/// Rejects.
pub(crate) async fn reject(args: RejectArgs) -> Result<(), Failure> {
    let client = args.more.connect.client()?;
    answer(&client, (&args.name, false), args.more.comment.as_deref()).await
}

async fn waiting(client: &Client) -> Answered<Vec<Waiting>> {
    let questions = approvals::list(client, Some("Pending")).await?;
    let versions = registry::pending(client).await?;
    Ok(questions
        .into_iter()
        .map(Waiting::Question)
        .chain(versions.into_iter().map(Waiting::Version))
        .collect())
}

async fn list(client: &Client, output: Output) -> Result<(), Failure> {
    let waiting = waiting(client).await?;
    match output {
        Output::Json => printer::result(serde_json::Value::from_iter(waiting.iter().map(Waiting::shown))),
        Output::Table if waiting.is_empty() => printer::talk("nothing waits for approval"),
        Output::Table => {
            let now = table::now();
            let rows: Vec<_> = waiting.iter().map(|it| it.row(now)).collect();
            printer::result(table::table(["NAME", "SINCE", "WHAT"], &rows));
        }
    }
    if let Some(first) = waiting.first() {
        printer::talk(format_args!("next: trainyard approve {}", first.name()));
    }
    Ok(())
}

async fn answer(
    client: &Client,
    (name, approved): (&str, bool),
    comment: Option<&str>,
) -> Result<(), Failure> {
    let word = if approved { "approved" } else { "rejected" };
    if let Some(package) = version(client, name).await? {
        registry::answer(client, &package.model_package_arn, approved, comment).await?;
        printer::result(format_args!("{word} model version {}", package.name()));
    } else {
        let done = approvals::answer(client, name, approved, comment).await?;
        printer::result(format_args!("{word} {}: {}", done.id, done.title));
    }
    printer::talk("next: trainyard status");
    Ok(())
}

/// The version that is meant by an ARN, by `group/version`, or by a group of which one version waits.
async fn version(client: &Client, name: &str) -> Result<Option<Package>, Failure> {
    if name.starts_with("arn:") {
        let package = registry::get(client, name).await?;
        return package.map(Some).ok_or_else(|| Failure::usage(format!("there is no model version {name}")));
    }
    if let Some((group, number)) = name.split_once('/') {
        let versions = if registry::groups(client).await?.iter().any(|known| known == group) {
            registry::of_group(client, group, None).await?
        } else {
            Vec::new()
        };
        let number = number.parse().ok();
        let found = versions.into_iter().find(|package| package.model_package_version == number);
        return found.map(Some).ok_or_else(|| {
            Failure::usage(format!("there is no model version {name}"))
                .hint("trainyard approve    # what waits")
        });
    }
    let of_group = |package: &Package| package.model_package_group_name.as_deref() == Some(name);
    let mut pending: Vec<_> = registry::pending(client).await?.into_iter().filter(of_group).collect();
    if pending.len() > 1 {
        let names: Vec<_> = pending.iter().map(Package::name).collect();
        return Err(Failure::usage(format!("several versions of `{name}` wait: {}", names.join(", "))));
    }
    Ok(pending.pop())
}
