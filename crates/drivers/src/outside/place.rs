//! Where a URL leads. Pure.

use std::net::IpAddr;

use trainyard_domain::ports::OutsideError;
use url::{Host, Url};

/// Scheme, host, port and what is asked for there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Whether TLS is spoken.
    pub(super) tls: bool,
    /// Whose it is.
    pub(super) host: PlaceHost,
    /// Its port.
    pub(super) port: u16,
    /// Path and query, encoded.
    pub(super) target: String,
    /// `Host`, as it is sent.
    pub(super) authority: String,
}

/// A name that is to be resolved, or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PlaceHost {
    Name(String),
    Address(IpAddr),
}

impl Place {
    /// Reads a URL as browsers do, so that `http://0x7f.1/` is the address that a system would make of it.
    pub(super) fn read(text: &str) -> Result<Self, OutsideError> {
        let invalid = |why: &str| OutsideError::Invalid(why.to_owned());
        let url =
            Url::parse(text).map_err(|error| OutsideError::Invalid(format!("the URL is none: {error}")))?;
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            other => {
                return Err(OutsideError::Refused(format!(
                    "only https URLs are called, and not `{other}` ones"
                )));
            }
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutsideError::Refused("a URL must not hold a user or password".to_owned()));
        }
        let (host, shown) = match url.host().ok_or_else(|| invalid("the URL has no host"))? {
            Host::Domain(name) => (PlaceHost::Name(legal_name(name)?), name.to_owned()),
            Host::Ipv4(address) => (PlaceHost::Address(address.into()), address.to_string()),
            Host::Ipv6(address) => (PlaceHost::Address(address.into()), format!("[{address}]")),
        };
        let port = url.port_or_known_default().filter(|port| *port != 0);
        let port = port.ok_or_else(|| invalid("the URL has no port that can be connected to"))?;
        let authority = url.port().map_or_else(|| shown.clone(), |port| format!("{shown}:{port}"));
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Self { tls, host, port, target, authority })
    }
}

/// A name that resolvers and certificates agree on.
fn legal_name(name: &str) -> Result<String, OutsideError> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let legal = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if name.len() <= 253 && name.split('.').all(legal) {
        Ok(name.to_owned())
    } else {
        Err(OutsideError::Invalid("the URL's host is not a name that can be resolved".to_owned()))
    }
}
