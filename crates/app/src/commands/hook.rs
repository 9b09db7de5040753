//! `trainyard hook`: who may say from outside what happened.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::wait;
use crate::{
    connect::ConnectArgs,
    failure::Failure,
    printer,
    remote::hooks::{self, Told},
    table::{self, Output, ago},
};

/// What is done.
#[derive(Subcommand)]
pub(super) enum HookCommand {
    /// Make a hook, and print its URL and its secret, which is shown once
    Create(CreateArgs),
    /// List the hooks
    List(ListArgs),
    /// Give a hook another secret, and print it
    Rotate(RotateArgs),
    /// Remove a hook: its calls are refused from then on
    Delete(DeleteArgs),
}

#[derive(Args)]
pub(super) struct CreateArgs {
    /// Its name, the last piece of its URL: lowercase letters, digits and -
    name: String,
    /// Who calls it
    #[arg(long, value_enum)]
    kind: Kind,
    /// The bus that its events are told on [default: default]
    #[arg(long)]
    bus: Option<String>,
    #[command(flatten)]
    shown: Shown,
}

/// Who calls.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// GitHub: pushes and pull requests
    Github,
    /// A Docker registry: images that come and go
    Registry,
    /// Any program that signs as Standard Webhooks does
    Signed,
}

#[derive(Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    shown: Shown,
}

#[derive(Args)]
pub(super) struct RotateArgs {
    /// Which
    name: String,
    /// So long the secret before is good too: 90s, 10m, 2h [default: it is refused at once]
    #[arg(long, value_name = "TIME", value_parser = wait::span)]
    grace: Option<Duration>,
    #[command(flatten)]
    shown: Shown,
}

#[derive(Args)]
pub(super) struct DeleteArgs {
    /// Which
    name: String,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Args)]
struct Shown {
    #[command(flatten)]
    connect: ConnectArgs,
    /// How to write the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Does it.
pub(super) async fn run(command: HookCommand) -> Result<(), Failure> {
    match command {
        HookCommand::Create(args) => {
            let kind = match args.kind {
                Kind::Github => "github",
                Kind::Registry => "registry",
                Kind::Signed => "signed",
            };
            let client = args.shown.connect.client()?;
            let made = hooks::create(&client, (&args.name, kind), args.bus.as_deref()).await?;
            tell(&made, args.shown.output, "the secret is not shown again");
        }
        HookCommand::Rotate(args) => {
            let grace = args.grace.unwrap_or_default().as_secs();
            let made = hooks::rotate(&args.shown.connect.client()?, &args.name, grace).await?;
            let before = match grace {
                0 => "the one before is refused from now on".to_owned(),
                _ => format!("the one before is good for {} yet", ago(0.0, grace as f64)),
            };
            tell(&made, args.shown.output, &format!("the secret is not shown again; {before}"));
        }
        HookCommand::List(args) => list(&args.shown).await?,
        HookCommand::Delete(args) => {
            hooks::delete(&args.connect.client()?, &args.name).await?;
            printer::talk(format_args!("calls of {} are refused from now on", args.name));
        }
    }
    Ok(())
}

/// Says a secret, and what to do with it.
fn tell(told: &Told, output: Output, words: &str) {
    if output == Output::Json {
        return printer::result(json!(told));
    }
    printer::result(format_args!("url     {}", told.hook.url));
    printer::result(format_args!("secret  {}", told.secret));
    printer::talk(words);
    printer::talk(&told.advice);
    if is_here(&told.hook.url) {
        printer::talk("no other machine reaches this url: see trainyard serve --listen and --hosts");
    }
    let bus = match told.hook.event_bus_name.as_str() {
        "default" => String::new(),
        other => format!(" --bus {other}"),
    };
    printer::talk(format_args!("next: trainyard event tail{bus}    # what calls tell, as it comes"));
}

/// Whether the URL's host is this machine, whoever asks.
fn is_here(url: &str) -> bool {
    let host = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.starts_with("127.") || name == "[::1]" || name == "localhost" || name.ends_with(".localhost")
}

async fn list(shown: &Shown) -> Result<(), Failure> {
    let found = hooks::list(&shown.connect.client()?).await?;
    match shown.output {
        Output::Json => printer::result(json!(found)),
        Output::Table if found.is_empty() => {
            printer::talk("there are no hooks");
            printer::talk("next: trainyard hook create NAME --kind github");
        }
        Output::Table => {
            let now = table::now();
            let rows: Vec<_> = found
                .iter()
                .map(|hook| {
                    let secret = format!("{} ago", ago(hook.last_rotated_time, now));
                    [&hook.name, &hook.kind, &hook.event_bus_name, &secret, &hook.url].map(Clone::clone)
                })
                .collect();
            printer::result(table::table(["NAME", "KIND", "BUS", "SECRET MADE", "URL"], &rows));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_this_machine() {
        let check = |url: &str, expect: bool| assert_eq!(is_here(url), expect, "{url}");
        check("http://127.0.0.1:4566/hooks/ours", true);
        check("http://localhost/hooks/ours", true);
        check("http://[::1]:4566/hooks/ours", true);
        check("http://trainyard.example:4566/hooks/127.0.0.1", false);
    }
}
