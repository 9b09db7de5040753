//! Measures how fast a server that it starts brings events from `PutEvents` to receivers, over signed requests:
//! `bench/events/README.md` says how.
#![allow(clippy::print_stdout, reason = "figures are printed")]

mod flow;
mod scenarios;

use trainyard_bench_load::{Api, Done, arguments, directory, disk, figures, server::Server};

const EVENTS: Api = Api { signing: "events", target: "AWSEvents", version: "1.1" };
const SQS: Api = Api { signing: "sqs", target: "AmazonSQS", version: "1.0" };

/// One thread, so that the other processor is the server's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let (binary, chosen) = arguments("trainyard-bench-events", scenarios::ALL)?;
    let place = tempfile::Builder::new().prefix("trainyard-bench-").tempdir_in(directory()?)?;
    println!("{}", disk::measure(place.path())?);
    figures::head();
    for (name, run) in chosen {
        // Each scenario has a server of its own: none carries what another left behind.
        let server = Server::start(&binary, &place.path().join(name), EVENTS).await?;
        run(server).await?;
    }
    println!("{}", disk::measure(place.path())?);
    Ok(())
}
