//! `trainyard serve`: runs the server until it is asked to end.

use std::time::Instant;

use clap::Args;

use crate::{
    config::{Config, ServerArgs, Switch},
    failure::Failure,
    printer,
    serve::{Server, asked_to_end},
};

/// Flags of `trainyard serve`.
#[derive(Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs the server. The first line of stdout is its URL, printed when it answers.
pub(super) fn run(args: &ServeArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let config = Config::load(&args.server)?;
    crate::logging::to_stderr();
    super::runtime()?.block_on(async {
        let server = Server::start(&config).await?;
        printer::result(&server.url);
        let data = config.data.display();
        printer::talk(format_args!(
            "ready in {} ms; everything is kept in {data}",
            began.elapsed().as_millis()
        ));
        if config.auth == Switch::Off {
            printer::talk(printer::yellow(
                "requests are not checked: anyone on this machine can do anything",
            ));
        }
        printer::talk(format_args!(
            "next: {}",
            printer::cyan(&format!("eval \"$(trainyard env --data {})\"", super::quoted(&data.to_string())))
        ));
        asked_to_end().await?;
        printer::talk("ending: requests in hand are answered, what serves is ended");
        farewell(&server.end().await);
        Ok(())
    })
}

/// Names the jobs that go on without the server.
pub(crate) fn farewell(jobs: &[String]) {
    if !jobs.is_empty() {
        printer::talk(format_args!(
            "these jobs go on, and the next `trainyard serve` takes them up: {}",
            jobs.join(", ")
        ));
    }
}
