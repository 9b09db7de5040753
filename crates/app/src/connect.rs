//! How a command finds its server: `--data` names the directory of one on this machine; else `AWS_ENDPOINT_URL` and the
//! keys of the environment, as AWS's own clients read them; else the server that runs on `~/.trainyard`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    client::{Client, Credentials},
    config::{Config, ServerArgs},
    failure::{Exit, Failure},
    place::Place,
};

/// Which server.
#[derive(Args, Clone, Debug)]
pub(crate) struct ConnectArgs {
    /// Data directory of the server, if it is on this machine [default: what AWS_ENDPOINT_URL says, else ~/.trainyard]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl ConnectArgs {
    /// The client of the server. Whether it answers is seen at the first call.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let named = std::env::var("AWS_ENDPOINT_URL").is_ok_and(|url| !url.is_empty());
        if self.data.is_none() && named {
            return Client::from_env();
        }
        let args = ServerArgs { data: self.data.clone(), ..ServerArgs::default() };
        at(&Place::of(&Config::load(&args)?.data))
    }
}

/// The client of the server that runs on that directory.
pub(crate) fn at(place: &Place) -> Result<Client, Failure> {
    let shown = place.directory().display();
    let Some(server) = place.running() else {
        return Err(Failure::new(Exit::Unreachable, format!("no server runs on {shown}"))
            .hint("trainyard serve    # in another terminal")
            .hint("eval \"$(trainyard env --data DIR)\"    # for a server on another directory"));
    };
    let key = place.key()?;
    let credentials = Credentials { key: key.id, secret: key.secret, token: None };
    let region = std::env::var("AWS_REGION").ok().filter(|region| !region.is_empty());
    Client::new(&server.url, region.as_deref().unwrap_or("us-east-1"), credentials)
}
