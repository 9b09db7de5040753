//! A running server: started, joined by commands in the same process, and ended.

use std::{net::SocketAddr, sync::Arc};

use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use trainyard_services::Services;
use trainyard_wire::face::{self, Access, FaceConfig, Hosts};

use crate::{
    config::{Config, Switch},
    failure::{Exit, Failure},
    place::{Key, Place, Running},
    wiring,
};

/// A server in this process.
pub(crate) struct Server {
    /// Where it answers.
    pub url: String,
    place: Place,
    services: Arc<Services>,
    stop: CancellationToken,
    parts: JoinSet<()>,
}

impl Server {
    /// Starts a server and returns when it answers.
    pub(crate) async fn start(config: &Config) -> Result<Self, Failure> {
        let place = Place::of(&config.data);
        place.make()?;
        let listener = listen(config.listen).await?;
        let address = listener.local_addr().map_err(|e| Failure::failed(e.to_string()))?;
        let url = format!("http://{address}");
        let services = wiring::rooms(config, &url).await?;
        let key = services.identity.first_start().await.map_err(|e| Failure::failed(e.to_string()))?;
        place.write_key(&Key { id: key.id, secret: key.secret })?;
        let stop = CancellationToken::new();
        let mut parts = wiring::loops(&services, &stop);
        parts.spawn(face::serve(
            listener,
            face::router(Arc::clone(&services), face_config(config, &services)),
            stop.clone(),
        ));
        let version = env!("CARGO_PKG_VERSION").to_owned();
        place.announce(&Running { pid: std::process::id(), url: url.clone(), version })?;
        Ok(Self { url, place, services, stop, parts })
    }

    /// Ends the server: requests in hand are answered, variants are ended (the next start brings them back), jobs
    /// go on. Returns the names of the jobs that go on.
    pub(crate) async fn end(mut self) -> Vec<String> {
        self.stop.cancel();
        while self.parts.join_next().await.is_some() {}
        // Workers may have been given tasks by the last answers.
        self.services.executions.note_delivered().await;
        if let Err(error) = self.services.endpoints.rest().await {
            tracing::warn!(%error, "what serves could not be ended");
        }
        self.place.retract();
        let open = self.services.jobs.open().await.unwrap_or_default();
        open.into_iter().map(|job| job.name).collect()
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|e| match e.kind() {
        std::io::ErrorKind::AddrInUse => {
            Failure::usage(format!("port {} is in use by another program", address.port()))
                .hint(format!("trainyard serve --listen {}:0    # any free port", address.ip()))
        }
        _ => Failure::new(Exit::Usage, format!("{address} cannot be listened on: {e}")),
    })
}

fn face_config(config: &Config, services: &Arc<Services>) -> FaceConfig {
    let pages = trainyard_web::routes(Arc::clone(services));
    FaceConfig {
        access: match config.auth {
            Switch::On => Access::Signed,
            Switch::Off => Access::Open,
        },
        hosts: Hosts::new(config.hosts.iter().cloned()),
        mounted: ["health", "hooks", "metrics"].map(|segment| (segment, pages.clone())).into(),
    }
}

/// Ends when the person at the terminal, or the system, wants it to.
pub(crate) async fn asked_to_end() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(|e| Failure::failed(e.to_string()))?;
    tokio::select! {
        done = tokio::signal::ctrl_c() => done.map_err(|e| Failure::failed(e.to_string())),
        _ = terminate.recv() => Ok(()),
    }
}
