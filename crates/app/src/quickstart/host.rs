//! The server of a quickstart: one in this process, or the one that already runs on its directory.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
};

use crate::{
    client::Client,
    commands::farewell,
    config::{Config, DEFAULT_PORT, ServerArgs},
    connect,
    failure::Failure,
    logging,
    place::Place,
    printer,
    screen::Step,
    serve::{Server, asked_to_end},
};

/// The server, and how to reach it.
pub(super) struct Host {
    place: Place,
    client: Client,
    url: String,
    own: Option<Server>,
}

impl Host {
    /// Joins the server that runs on that directory, or starts one, with the settings of `TRAINYARD_*` but for its data.
    /// It takes the port of those, else the one that it had before, else 4566, else any that is free.
    pub(super) async fn start_or_join(directory: &Path, port: Option<u16>) -> Result<Self, Failure> {
        let step = Step::begin("   server");
        let place = Place::of(directory);
        if let Some(there) = joined(&place).await {
            step.done(format!("joined the one that runs at {}", there.url));
            return Ok(there);
        }
        let given = ServerArgs::from_env()?;
        let before = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(DEFAULT_PORT)));
        let wanted = given.listen.unwrap_or(before);
        let listen = if is_free(wanted) { wanted } else { SocketAddr::new(wanted.ip(), 0) };
        let data = Some(directory.to_owned());
        let args = ServerArgs { listen: Some(listen), data, config: None, ..given };
        place.make()?;
        logging::to_file(&directory.join("server.log"))?;
        let server = Server::start(&Config::load(&args)?).await?;
        let url = server.url.clone();
        let client = connect::at(&place)?;
        let data = super::shown(directory);
        let busy =
            if listen == wanted { String::new() } else { format!(" (port {} is busy)", wanted.port()) };
        step.done(format!("{url}{busy}, data in {data}"));
        Ok(Self { place, client, url, own: Some(server) })
    }

    /// Where it answers.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Its client.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Its directory.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The command that goes round again, or on.
    pub(super) fn again(&self) -> String {
        let program = super::report::program();
        let directory = self.place.directory().parent().map(super::shown).unwrap_or_default();
        if directory == "./trainyard-quickstart" {
            return format!("{program} quickstart");
        }
        format!("{program} quickstart --directory {}", crate::commands::quoted(&directory))
    }

    /// Whether it is this process.
    pub(super) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Serves until Ctrl-C; a server that was joined goes on by itself.
    pub(super) async fn serve_on(self) -> Result<(), Failure> {
        if self.own.is_none() {
            printer::talk(format_args!("the server at {} goes on", self.url));
            return Ok(());
        }
        printer::talk(format_args!("serving at {} until Ctrl-C", self.url));
        let asked = asked_to_end().await;
        printer::talk("ending: requests in hand are answered, what serves is ended");
        self.end().await;
        asked
    }

    /// Ends the server, if it is this process.
    pub(super) async fn end(self) {
        if let Some(server) = self.own {
            farewell(&server.end().await);
        }
    }
}

/// A process with the noted number may be any other by now: only one that answers to the key is the server.
async fn joined(place: &Place) -> Option<Host> {
    let url = place.running()?.url;
    let client = connect::at(place).ok()?;
    crate::remote::executions::machines(&client).await.ok()?;
    Some(Host { place: place.clone(), client, url, own: None })
}

fn is_free(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_ok()
}
