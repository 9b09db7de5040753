//! `trainyard image`: OCI images without a daemon.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{
    client::{Client, outlast},
    failure::Failure,
    image::{
        Store,
        build::{self, Asked},
        push,
    },
    printer,
};

/// Flags of `trainyard image`.
#[derive(Args)]
pub(crate) struct ImageArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build an image from directories and Python requirements; the same input gives the same digest
    Build(BuildArgs),
    /// Push a built image to the registry that its name means
    Push(PushArgs),
}

#[derive(Args)]
struct BuildArgs {
    /// The image's name, such as 000000000000.dkr.ecr.us-east-1.amazonaws.com/train:v1
    #[arg(short, long, value_name = "REF")]
    tag: String,
    /// A directory and its place in the image; may be given several times
    #[arg(long, value_name = "DIR:PATH")]
    app: Vec<String>,
    /// Python packages to install, in pip's form
    #[arg(long, value_name = "FILE")]
    requirements: Option<PathBuf>,
    /// The program and its first arguments: as several words, or as one text that is split like a shell does
    #[arg(long, value_name = "ARG", num_args = 1..)]
    entrypoint: Vec<String>,
    /// The arguments where none are given, in the same form
    #[arg(long, value_name = "ARG", num_args = 1..)]
    cmd: Vec<String>,
    /// A variable; may be given several times
    #[arg(short, long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// A label; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    label: Vec<String>,
    /// The directory that it starts in
    #[arg(long, value_name = "PATH")]
    workdir: Option<String>,
    /// Resolve the requirements anew, even if they were installed before
    #[arg(long)]
    refresh: bool,
}

#[derive(Args)]
struct PushArgs {
    /// The image's name
    #[arg(value_name = "REF")]
    reference: String,
}

/// Builds or pushes an image. The result, on stdout, is its digest.
pub(crate) async fn run(args: ImageArgs) -> Result<(), Failure> {
    match args.command {
        Command::Build(args) => build(args).await,
        Command::Push(args) => {
            let (client, store) = (Client::from_env()?, Store::open()?);
            let digest = outlast(|| push::push(&client, &store, &args.reference)).await?;
            printer::talk(format_args!("pushed {}", args.reference));
            printer::result(digest);
            Ok(())
        }
    }
}

async fn build(args: BuildArgs) -> Result<(), Failure> {
    let asked = Asked {
        tag: args.tag,
        apps: args.app,
        requirements: args.requirements,
        entrypoint: args.entrypoint,
        cmd: args.cmd,
        env: args.env,
        labels: args.label,
        workdir: args.workdir,
        refresh: args.refresh,
    };
    // Building is all files and processes: it must not hold up the runtime.
    let built = tokio::task::spawn_blocking(move || build::build(&Store::open()?, &asked)).await;
    let built = built.map_err(|e| Failure::failed(format!("the build broke off: {e}")))??;
    printer::talk(format_args!("built {}", built.name));
    printer::talk(format_args!("next: {}", printer::cyan(&format!("trainyard image push {}", built.name))));
    printer::result(built.digest);
    Ok(())
}
