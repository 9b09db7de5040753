//! AWS Signature Version 4, checked. Pure: the clock and the secret come in.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
//!
//! S3's requests are checked by s3s (chunked bodies, path rules of its own); this is for all others.

mod canonical;

#[cfg(test)]
mod tests;

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use http::{header::AUTHORIZATION, request::Parts};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use trainyard_domain::{Region, Timestamp, hex};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far a client's clock may be off.
const SKEW: Duration = Duration::from_secs(15 * 60);
/// The longest life of a presigned URL.
const LONGEST: u64 = 7 * 24 * 3600;

/// The signature of a request, taken apart and not yet checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key that it was made with.
    pub access_key: String,
    /// `20260102`.
    date: String,
    /// The region signed for.
    pub region: Region,
    /// The service signed for, such as `states`.
    pub service: String,
    /// Lowercase, in the order given.
    signed_headers: Vec<String>,
    signature: String,
    /// The session's token.
    pub token: Option<String>,
    /// When it was made, as the client wrote it: `20260102T030405Z`.
    stamp: String,
    /// Only for presigned URLs: how long it may be used.
    expires: Option<Duration>,
}

/// Why a signature is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not whole or not well-formed.
    #[error("{0}")]
    Incomplete(String),
    /// It is right in form and does not match.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
    /// It was made too long ago or lies in the future.
    #[error("Signature {0}")]
    Skewed(String),
}

pub(crate) use canonical::query_value;

/// Whether the request carries a signature of this kind, in its header or its query.
pub fn is_signed(parts: &Parts) -> bool {
    let in_header = parts.headers.get(AUTHORIZATION);
    in_header.is_some_and(|text| text.as_bytes().starts_with(ALGORITHM.as_bytes()))
        || canonical::query_value(parts, "X-Amz-Signature").is_some()
}

/// Whether the request carries credentials in more than one place, of whatever version. Two readers of such a request
/// could each believe another place.
pub(crate) fn is_signed_twice(parts: &Parts) -> bool {
    let names = || {
        let pairs = parts.uri.query().unwrap_or_default().split('&');
        pairs.map(|pair| canonical::decoded(pair.split('=').next().unwrap_or_default()))
    };
    let new = names().any(|name| name.eq_ignore_ascii_case("X-Amz-Signature"));
    let old = names().any(|name| name == "Signature" || name == "AWSAccessKeyId");
    let headers = parts.headers.get_all("authorization").iter().count();
    headers + usize::from(new) + usize::from(old) > 1
}

impl Signature {
    /// Takes the request's signature apart.
    pub fn read(parts: &Parts) -> Result<Self, Refused> {
        match header(parts, "authorization").filter(|text| text.starts_with(ALGORITHM)) {
            Some(text) => Self::from_header(parts, &text[ALGORITHM.len()..]),
            None => Self::from_query(parts),
        }
    }

    fn from_header(parts: &Parts, fields: &str) -> Result<Self, Refused> {
        let field = |name: &str| {
            let found = fields.split(',').find_map(|f| f.trim().strip_prefix(name)?.strip_prefix('='));
            found.ok_or_else(|| {
                Refused::Incomplete(format!("Authorization header requires '{name}' parameter"))
            })
        };
        let stamp = header(parts, "x-amz-date").or_else(|| header(parts, "date")).ok_or_else(|| {
            Refused::Incomplete(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header"
                    .to_owned(),
            )
        })?;
        let token = header(parts, "x-amz-security-token").map(str::to_owned);
        let signed = field("SignedHeaders")?;
        Self::assemble(field("Credential")?, signed, field("Signature")?, stamp, token)
    }

    fn from_query(parts: &Parts) -> Result<Self, Refused> {
        let value = |name: &str| {
            canonical::query_value(parts, name)
                .ok_or_else(|| Refused::Incomplete(format!("the query requires the parameter `{name}`")))
        };
        if value("X-Amz-Algorithm")? != ALGORITHM {
            return Err(Refused::Incomplete(format!("X-Amz-Algorithm must be {ALGORITHM}")));
        }
        let seconds: u64 = value("X-Amz-Expires")?.parse().unwrap_or(0);
        if !(1..=LONGEST).contains(&seconds) {
            return Err(Refused::Incomplete(format!("X-Amz-Expires must be from 1 to {LONGEST} seconds")));
        }
        let token = canonical::query_value(parts, "X-Amz-Security-Token");
        let (credential, signed) = (value("X-Amz-Credential")?, value("X-Amz-SignedHeaders")?);
        let (signature, stamp) = (value("X-Amz-Signature")?, value("X-Amz-Date")?);
        let read = Self::assemble(&credential, &signed, &signature, &stamp, token)?;
        Ok(Self { expires: Some(Duration::from_secs(seconds)), ..read })
    }

    fn assemble(
        credential: &str,
        signed_headers: &str,
        signature: &str,
        stamp: &str,
        token: Option<String>,
    ) -> Result<Self, Refused> {
        let wrong = |what: &str| Refused::Incomplete(what.to_owned());
        let parts: Vec<&str> = credential.split('/').collect();
        let [access_key, date, region, service, "aws4_request"] = parts[..] else {
            return Err(wrong("Credential must be <access key>/<date>/<region>/<service>/aws4_request"));
        };
        let region = region.parse().map_err(|_| wrong("Credential should be scoped to a valid region"))?;
        let signed_headers: Vec<_> = signed_headers.split(';').map(str::to_owned).collect();
        if !signed_headers.iter().any(|name| name == "host") {
            return Err(wrong("'Host' must be a 'SignedHeader' in the request"));
        }
        Ok(Self {
            access_key: access_key.to_owned(),
            date: date.to_owned(),
            region,
            service: service.to_owned(),
            signed_headers,
            signature: signature.to_owned(),
            token,
            stamp: stamp.to_owned(),
            expires: None,
        })
    }

    /// Whether the signature was made with `secret` over this request with this body, and not too long ago.
    pub fn check(&self, parts: &Parts, body: &[u8], secret: &str, now: Timestamp) -> Result<(), Refused> {
        self.check_time(now)?;
        self.check_signed_headers(parts)?;
        let hash = hex(&Sha256::digest(body));
        if header(parts, "x-amz-content-sha256").is_some_and(|stated| stated != hash) {
            return Err(Refused::Mismatch);
        }
        let request = canonical::request(parts, &self.signed_headers, &hash);
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let digest = hex(&Sha256::digest(request.as_bytes()));
        let text = format!("{ALGORITHM}\n{}\n{scope}\n{digest}", self.stamp);
        let ours = hex(&mac(&self.key(secret), &text));
        if bool::from(ours.as_bytes().ct_eq(self.signature.as_bytes())) {
            Ok(())
        } else {
            Err(Refused::Mismatch)
        }
    }

    /// The first of S3's own headers that is not signed: whoever holds a presigned URL could add it and so make
    /// another request of it. The date and the body's digest are signed in places of their own.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>
    pub(crate) fn unsigned_header<'a>(&self, parts: &'a Parts) -> Option<&'a str> {
        let signed = |name: &str| self.signed_headers.iter().any(|signed| signed == name);
        let own = |name: &str| {
            name.starts_with("x-amz-") && !["x-amz-date", "x-amz-content-sha256"].contains(&name)
        };
        parts.headers.keys().map(http::HeaderName::as_str).find(|name| own(name) && !signed(name))
    }

    fn key(&self, secret: &str) -> [u8; 32] {
        let day = mac(format!("AWS4{secret}").as_bytes(), &self.date);
        let service = mac(&mac(&day, self.region.as_str()), &self.service);
        mac(&service, "aws4_request")
    }

    fn check_time(&self, now: Timestamp) -> Result<(), Refused> {
        let made = moment(&self.stamp).filter(|_| self.stamp.get(..8) == Some(&self.date)).ok_or_else(|| {
            Refused::Incomplete(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: `{}`",
                self.stamp
            ))
        })?;
        if made > now.plus(SKEW) {
            return Err(Refused::Skewed(format!(
                "not yet current: {} is still later than {now}",
                self.stamp
            )));
        }
        if now.since(made) > self.expires.unwrap_or(SKEW) {
            return Err(Refused::Skewed(format!("expired: {} is now earlier than {now}", self.stamp)));
        }
        Ok(())
    }

    /// What chooses the operation and the session must be signed, else it could be exchanged.
    fn check_signed_headers(&self, parts: &Parts) -> Result<(), Refused> {
        for name in ["x-amz-target", "x-amz-security-token"] {
            if parts.headers.contains_key(name) && !self.signed_headers.iter().any(|signed| signed == name) {
                return Err(Refused::Incomplete(format!("'{name}' must be a 'SignedHeader' in the request")));
            }
        }
        Ok(())
    }
}

/// `20260102T030405Z`.
fn moment(stamp: &str) -> Option<Timestamp> {
    if stamp.len() != 16 || !stamp.is_ascii() {
        return None;
    }
    let (date, time) = stamp.split_once('T')?;
    let (y, m, d) = (date.get(..4)?, date.get(4..6)?, date.get(6..8)?);
    let (h, min, s) = (time.get(..2)?, time.get(2..4)?, time.get(4..6)?);
    format!("{y}-{m}-{d}T{h}:{min}:{s}Z").parse().ok()
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name)?.to_str().ok()
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    #[allow(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}
