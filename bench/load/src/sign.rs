//! AWS Signature Version 4, with the day's key made once for each service.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::{
    fmt::Write,
    time::{SystemTime, UNIX_EPOCH},
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use trainyard_domain::Timestamp;

use crate::{Api, Done};

const NAMES: &str = "content-type;host;x-amz-date;x-amz-target";

/// Signs for the default region.
#[derive(Clone)]
pub struct Signer {
    id: String,
    secret: String,
    host: String,
    day: String,
    /// Of each service that was asked.
    keys: Vec<(&'static str, Vec<u8>)>,
}

impl Signer {
    /// With this key, for requests to this host.
    pub fn new(id: &str, secret: &str, host: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            host: host.to_owned(),
            day: String::new(),
            keys: Vec::new(),
        }
    }

    /// The whole request but for its body.
    pub fn head(&mut self, api: Api, operation: &str, body: &[u8]) -> Done<String> {
        let date = now()?;
        if date[..8] != self.day {
            self.day = date[..8].to_owned();
            self.keys.clear();
        }
        let Api { signing, target, version } = api;
        if !self.keys.iter().any(|(known, _)| *known == signing) {
            let day = mac(format!("AWS4{}", self.secret).as_bytes(), &self.day)?;
            let key = mac(&mac(&mac(&day, "us-east-1")?, signing)?, "aws4_request")?;
            self.keys.push((signing, key));
        }
        let Self { id, host, day, keys, .. } = self;
        let (_, key) = keys.iter().find(|(known, _)| *known == signing).ok_or("no key")?;
        let target = format!("{target}.{operation}");
        let kind = format!("application/x-amz-json-{version}");
        let digest = hex(&Sha256::digest(body));
        let canonical = format!(
            "POST\n/\n\ncontent-type:{kind}\nhost:{host}\nx-amz-date:{date}\nx-amz-target:{target}\n\n{NAMES}\n{digest}"
        );
        let scope = format!("{day}/us-east-1/{signing}/aws4_request");
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let signature = hex(&mac(key, &text)?);
        Ok(format!(
            "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: {kind}\r\nx-amz-date: {date}\r\n\
             x-amz-target: {target}\r\ncontent-length: {}\r\nauthorization: AWS4-HMAC-SHA256 \
             Credential={id}/{scope}, SignedHeaders={NAMES}, Signature={signature}\r\n\r\n",
            body.len()
        ))
    }
}

/// `20260102T030405Z`.
fn now() -> Done<String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Timestamp(i64::try_from(since.as_millis())?).to_seconds_string().replace(['-', ':'], ""))
}

fn mac(key: &[u8], text: &str) -> Done<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(text.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
