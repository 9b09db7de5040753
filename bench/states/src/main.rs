//! Measures the Step Functions API of a server that it starts, over signed requests: `bench/states/README.md` says
//! how.
#![allow(clippy::print_stdout, reason = "figures are printed")]

mod disk;
mod figures;
mod link;
mod scenarios;
mod server;
mod sign;

use std::path::PathBuf;

use server::Server;

/// What a measurement gives.
type Done<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// One thread, so that the other processor is the server's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let mut arguments = std::env::args().skip(1);
    let Some(binary) = arguments.next() else {
        let names: Vec<_> = scenarios::ALL.iter().map(|(name, _)| *name).collect();
        return Err(format!("usage: trainyard-bench-states BINARY [{}]…", names.join(" | ")).into());
    };
    let binary = PathBuf::from(binary).canonicalize()?;
    let wanted: Vec<String> = arguments.collect();
    if let Some(name) = wanted.iter().find(|name| !scenarios::ALL.iter().any(|(known, _)| known == name)) {
        return Err(format!("there is no scenario `{name}`").into());
    }
    let place = tempfile::Builder::new().prefix("trainyard-bench-").tempdir_in(directory()?)?;
    println!("{}", disk::measure(place.path())?);
    figures::head();
    for (name, run) in scenarios::ALL {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            // Each scenario has a server of its own: none carries what another left behind.
            let server = Server::start(&binary, &place.path().join(name)).await?;
            run(server).await?;
        }
    }
    println!("{}", disk::measure(place.path())?);
    Ok(())
}

/// Where the servers keep their data: `BENCH_DIR`, else here, which is more often a disk than `/tmp` is.
fn directory() -> Done<PathBuf> {
    Ok(std::env::var_os("BENCH_DIR").map_or_else(std::env::current_dir, |named| Ok(named.into()))?)
}
