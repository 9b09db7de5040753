//! Measures the Step Functions API of a server that it starts, over signed requests: `bench/states/README.md` says
//! how.
#![allow(clippy::print_stdout, reason = "figures are printed")]

mod machines;
mod scenarios;

use trainyard_bench_load::{Api, Done, arguments, directory, disk, figures, link, server};

use server::Server;

const STATES: Api = Api { signing: "states", target: "AWSStepFunctions", version: "1.0" };

/// One thread, so that the other processor is the server's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let (binary, chosen) = arguments("trainyard-bench-states", scenarios::ALL)?;
    let place = tempfile::Builder::new().prefix("trainyard-bench-").tempdir_in(directory()?)?;
    println!("{}", disk::measure(place.path())?);
    figures::head();
    for (name, run) in chosen {
        // Each scenario has a server of its own: none carries what another left behind.
        let server = Server::start(&binary, &place.path().join(name), STATES).await?;
        run(server).await?;
    }
    println!("{}", disk::measure(place.path())?);
    Ok(())
}
