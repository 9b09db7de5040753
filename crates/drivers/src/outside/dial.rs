//! Resolves a name once, judges its addresses, and connects to one that may be reached.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    sync::OnceCell,
};
use tokio_rustls::TlsConnector;
use trainyard_domain::ports::OutsideError;

use super::{
    address::{Network, Standing, standing},
    place::{Place, PlaceHost},
};

/// What HTTP is spoken over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects to what may be reached.
pub(super) struct Dial {
    opened: Vec<Network>,
    tls: OnceCell<TlsConnector>,
}

impl Dial {
    pub(super) fn new(opened: Vec<Network>) -> Self {
        Self { opened, tls: OnceCell::new() }
    }

    /// A connection to the place, encrypted if the place says so.
    pub(super) async fn connect(&self, place: &Place) -> Result<Box<dyn Stream>, OutsideError> {
        let tcp = self.reach(place).await?;
        if !place.tls {
            return Ok(Box::new(tcp));
        }
        let name = match &place.host {
            PlaceHost::Name(name) => ServerName::try_from(name.clone())
                .map_err(|_| OutsideError::Invalid("the URL's host is not a name for TLS".to_owned()))?,
            PlaceHost::Address(address) => ServerName::IpAddress((*address).into()),
        };
        let connector = self.tls.get_or_try_init(connector).await?;
        let stream = connector.connect(name, tcp).await;
        Ok(Box::new(stream.map_err(|error| unreachable(place, &error))?))
    }

    /// The first of the place's addresses that may be reached and answers.
    async fn reach(&self, place: &Place) -> Result<TcpStream, OutsideError> {
        let mut last = None;
        for address in self.judged(place, resolve(place).await?)? {
            match TcpStream::connect(SocketAddr::new(address, place.port)).await {
                Ok(stream) => {
                    stream.set_nodelay(true).map_err(|error| unreachable(place, &error))?;
                    return Ok(stream);
                }
                Err(error) => last = Some(error),
            }
        }
        let error = last.unwrap_or_else(|| io::Error::other("it has no address"));
        Err(unreachable(place, &error))
    }

    /// Those of the addresses that may be reached; why not, if there are none.
    pub(super) fn judged(&self, place: &Place, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, OutsideError> {
        let standing = |address: &IpAddr| standing(*address, &self.opened);
        let may = |address: &IpAddr| match standing(address) {
            Standing::Opened => true,
            Standing::Public => place.tls,
            Standing::Closed => false,
        };
        let (open, rest): (Vec<_>, Vec<_>) = addresses.into_iter().partition(may);
        match rest.first() {
            Some(first) if open.is_empty() => Err(refused(place, standing(first))),
            _ => Ok(open),
        }
    }
}

fn refused(place: &Place, standing: Standing) -> OutsideError {
    let host = &place.authority;
    OutsideError::Refused(match standing {
        Standing::Closed => format!(
            "`{host}` leads to an address that is not public: if users may call it, start the server with \
             `--allow-private-targets ADDRESS`"
        ),
        Standing::Public | Standing::Opened => {
            format!("`{host}` is called over https only: plain http would carry credentials in the open")
        }
    })
}

async fn resolve(place: &Place) -> Result<Vec<IpAddr>, OutsideError> {
    match &place.host {
        PlaceHost::Address(address) => Ok(vec![*address]),
        PlaceHost::Name(name) => {
            let found = lookup_host((name.as_str(), place.port)).await;
            Ok(found.map_err(|error| unreachable(place, &error))?.map(|address| address.ip()).collect())
        }
    }
}

fn unreachable(place: &Place, error: &io::Error) -> OutsideError {
    OutsideError::Unreachable(format!("`{}` cannot be reached: {error}", place.authority))
}

/// Trusts whom the machine trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` count). Read when it is needed first.
async fn connector() -> Result<TlsConnector, OutsideError> {
    let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
    let read =
        read.map_err(|error| OutsideError::Unreachable(format!("certificates cannot be read: {error}")))?;
    for error in &read.errors {
        tracing::warn!(%error, "some of the machine's certificate authorities cannot be read");
    }
    let mut roots = RootCertStore::empty();
    let (good, _) = roots.add_parsable_certificates(read.certs);
    if good == 0 {
        let why =
            "this machine trusts no certificate authority: install ca-certificates or set SSL_CERT_FILE";
        return Err(OutsideError::Unreachable(why.to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| OutsideError::Unreachable(format!("there is no TLS: {error}")))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
