//! Who asks, and what is refused before an operation begins.

use std::time::Duration;

use s3s::{
    S3Error, S3ErrorCode, S3Request, S3Result,
    access::{S3Access, S3AccessContext},
    auth::{S3Auth, SecretKey},
};
use trainyard_domain::{Principal, Region, Scope};
use trainyard_services::{artifacts::check_bucket, identity::Identity, refusal::Refusal};

use super::{OldQuery, error};
use crate::{face::Visit, sigv4::Signature};

/// Gives `s3s` the secrets to check signatures with.
pub(super) struct Keys {
    pub(super) identity: Identity,
}

/// Looks at each request after its signature.
pub(super) struct Guard {
    pub(super) visit: Visit,
}

/// Who asks, and where. Each operation finds it in its request.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) principal: Principal,
    pub(super) region: Region,
}

impl Caller {
    pub(super) fn scope(&self) -> Scope {
        Scope { account: self.principal.account.clone(), region: self.region.clone() }
    }
}

/// The caller of a request that came past the guard.
pub(super) fn caller<T>(request: &S3Request<T>) -> S3Result<Caller> {
    request.extensions.get::<Caller>().cloned().ok_or_else(|| S3Error::new(S3ErrorCode::AccessDenied))
}

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match self.identity.secret(access_key).await {
            Ok(secret) => Ok(SecretKey::from(secret)),
            Err(refused) => Err(unknown(&refused)),
        }
    }
}

#[async_trait::async_trait]
impl S3Access for Guard {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let caller = match context.extensions_mut().get::<Caller>() {
            // `--auth off`: settled before.
            Some(caller) => caller.clone(),
            None => self.signer(context).await?,
        };
        if let Some(bucket) = context.s3_path().get_bucket_name() {
            check_bucket(bucket).map_err(error::of)?;
        }
        refuse_by_name(context, &caller)?;
        context.extensions_mut().insert(caller);
        Ok(())
    }
}

impl Guard {
    /// Who signed. `s3s` has checked the signature with the key's secret; here a session's token must fit the key.
    async fn signer(&self, context: &mut S3AccessContext<'_>) -> S3Result<Caller> {
        let Some(signed_with) = context.credentials().map(|credentials| credentials.access_key.clone())
        else {
            return Err(denied("Access Denied"));
        };
        let mut request = http::Request::new(());
        *request.uri_mut() = context.uri().clone();
        *request.headers_mut() = context.headers().clone();
        let (parts, ()) = request.into_parts();
        let (access_key, token, region) = who(&parts)?;
        // Whose signature was checked and who is asked for must be the same.
        if access_key != signed_with {
            return Err(denied("Access Denied"));
        }
        self.check_form(&parts)?;
        let identity = &self.visit.services.identity;
        let credential = identity.credential(&access_key, token.as_deref()).await.map_err(|e| unknown(&e))?;
        Ok(Caller { principal: credential.principal, region })
    }

    /// What `s3s` lets pass: headers that no signature covers, and URLs that hold for longer than a week.
    fn check_form(&self, parts: &http::request::Parts) -> S3Result<()> {
        if let Some(old) = OldQuery::read(parts) {
            let latest = self.visit.services.ground.now().plus(LONGEST);
            return if old.expires > latest {
                Err(denied("X-Amz-Expires must be less than a week"))
            } else {
                Ok(())
            };
        }
        let unsigned = Signature::read(parts).ok().and_then(|read| read.unsigned_header(parts));
        unsigned.map_or(Ok(()), |name| {
            Err(denied(&format!("There were headers present in the request which were not signed: {name}")))
        })
    }
}

/// The longest life of a presigned URL.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

fn denied(why: &str) -> S3Error {
    S3Error::with_message(S3ErrorCode::AccessDenied, why.to_owned())
}

/// The access key, the session's token and the region of a request, as it says itself.
pub(super) fn who(parts: &http::request::Parts) -> S3Result<(String, Option<String>, Region)> {
    if let Some(old) = OldQuery::read(parts) {
        return Ok((old.access_key, old.token, OldQuery::region()));
    }
    match Signature::read(parts) {
        Ok(signature) => Ok((signature.access_key, signature.token, signature.region)),
        Err(refused) => Err(S3Error::with_message(S3ErrorCode::AccessDenied, refused.to_string())),
    }
}

fn unknown(refused: &trainyard_services::identity::Error) -> S3Error {
    match refused.code() {
        "InvalidClientTokenId" => S3Error::with_message(
            S3ErrorCode::InvalidAccessKeyId,
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        "ExpiredToken" => S3Error::with_message(S3ErrorCode::ExpiredToken, "The provided token has expired."),
        code => error::named(code, refused.kind(), refused.to_string()),
    }
}

/// Headers of what is not here. Whoever sends one wants something that would not happen.
const REFUSED: &[&str] = &[
    "x-amz-bucket-object-lock-enabled",
    "x-amz-bypass-governance-retention",
    "x-amz-copy-source-server-side-encryption-customer-algorithm",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-if-match-last-modified-time",
    "x-amz-if-match-size",
    "x-amz-mfa",
    "x-amz-object-lock-legal-hold",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-optional-object-attributes",
    "x-amz-rename-source",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-context",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
    "x-amz-write-offset-bytes",
];

/// Headers of which only some values are here. What the disk does about encryption holds for all objects alike, so
/// that asking for the server's own keys is no wish for anything else.
const LIMITED: &[(&str, &[&str])] = &[
    ("x-amz-acl", &["private", "bucket-owner-full-control"]),
    ("x-amz-object-ownership", &["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]),
    ("x-amz-server-side-encryption", &["AES256", "aws:kms"]),
    ("x-amz-storage-class", &["STANDARD"]),
    ("x-amz-tagging-directive", &["COPY"]),
];

fn refuse_by_name(context: &S3AccessContext<'_>, caller: &Caller) -> S3Result<()> {
    let text = |name: &str| context.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let refuse = |what: String| Err(S3Error::with_message(S3ErrorCode::NotImplemented, what));
    if let Some(name) = REFUSED.iter().find(|name| context.headers().contains_key(**name)) {
        return refuse(format!("the header `{name}` is not supported"));
    }
    for (name, values) in LIMITED {
        if let Some(value) = text(name).filter(|value| !values.contains(value)) {
            return refuse(format!("the value `{value}` of the header `{name}` is not supported"));
        }
    }
    let query = context.uri().query().unwrap_or_default();
    let version = query.split('&').find_map(|pair| pair.strip_prefix("versionId="));
    if version.is_some_and(|version| version != "null") {
        return refuse("versions of objects are not supported: the parameter `versionId`".to_owned());
    }
    if *context.method() == http::Method::DELETE && context.headers().contains_key("if-match") {
        return refuse("the header `If-Match` is not supported for deletes".to_owned());
    }
    let account = caller.principal.account.as_str();
    for name in ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"] {
        if text(name).is_some_and(|owner| owner != account) {
            return Err(S3Error::with_message(S3ErrorCode::AccessDenied, "Access Denied"));
        }
    }
    Ok(())
}
