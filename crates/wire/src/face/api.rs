//! Signed requests: who asks, which operation, and the answer in the service's protocol.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{StatusCode, request::Parts};
use http_body_util::{BodyExt, Limited};
use trainyard_domain::{Kind, Principal, Scope, Timestamp};
use trainyard_services::refusal::Refusal;

use super::{Access, Visit};
use crate::{
    ApiError, Context, Protocol, Service,
    departures::Departures,
    handover::Handover,
    protocol::{self, Dialect},
    s3, services_table,
    sigv4::{self, Refused, Signature},
};

/// Answers a signed request.
pub(super) async fn answer(visit: Visit, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let dialect = protocol::dialect(&parts);
    let refuse = |error: &ApiError| protocol::refuse(dialect, error, &visit.request_id);
    if sigv4::is_signed_twice(&parts) {
        let message = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query \
                       string parameter or the Authorization header should be specified";
        return refuse(&ApiError::invalid("InvalidArgument", message));
    }
    if !sigv4::is_signed(&parts) {
        // A presigned URL of signature version 2: only S3 has them.
        return s3::serve(visit, Request::from_parts(parts, body)).await;
    }
    let signature = match Signature::read(&parts) {
        Ok(signature) => signature,
        Err(refused) => return refuse(&refusal(dialect, &refused)),
    };
    let Some(service) = service(&signature, &parts) else {
        let message = format!("the service `{}` is not one that this server has", signature.service);
        return refuse(&ApiError::invalid("UnknownOperationException", message));
    };
    if let Protocol::S3 { serve } = service.protocol {
        return serve(visit, Request::from_parts(parts, body)).await;
    }
    // Whoever is nobody sends no body that we would keep in memory.
    let credential = match credential(&visit, dialect, &signature).await {
        Ok(credential) => credential,
        Err(error) => return refuse(&error),
    };
    let bytes = match read_all(body, service.body_limit(&visit.services)).await {
        Ok(bytes) => bytes,
        Err(response) => return refuse_status(dialect, &response, &visit.request_id),
    };
    let now = visit.services.ground.wall();
    match credential.check(&signature, &parts, &bytes, now) {
        Err(refused) => refuse(&refusal(dialect, &refused)),
        Ok(principal) => {
            let scope = Scope { account: principal.account.clone(), region: signature.region };
            let Visit { services, base_url, request_id, .. } = visit;
            let handover = Handover::default();
            let (token, seen_off) = (None, handover.clone());
            let departures = parts.extensions.get::<Departures>().cloned();
            let context =
                Context { services, service, principal, scope, base_url, request_id, token, handover };
            seen_off.see_off(protocol::answer(&context, &parts, bytes).await, departures)
        }
    }
}

/// A request without a signature at no door: nothing is done.
pub(super) fn unsigned(visit: &Visit, parts: &Parts) -> Response {
    let code = match protocol::dialect(parts) {
        Dialect::Json(_) => "MissingAuthenticationTokenException",
        Dialect::Query => "MissingAuthenticationToken",
        Dialect::S3 => "AccessDenied",
    };
    let error =
        ApiError::new(Kind::Unauthenticated, code, "the request is not signed: Missing Authentication Token");
    protocol::refuse(protocol::dialect(parts), &error, &visit.request_id)
}

/// The service that a signed request is for: by its signing scope, then by `X-Amz-Target` or path.
fn service(signature: &Signature, parts: &Parts) -> Option<&'static Service> {
    let of_scope = || services_table::by_signing_scope(&signature.service);
    of_scope().find(|service| service.protocol.takes(parts)).or_else(|| of_scope().next())
}

/// Who says to have signed a request.
struct Claim {
    principal: Principal,
    /// None where signatures are not checked.
    secret: Option<String>,
}

impl Claim {
    /// Who has signed it, if it was signed with the secret.
    fn check(
        self,
        signature: &Signature,
        parts: &Parts,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Principal, Refused> {
        self.secret.map_or(Ok(()), |secret| signature.check(parts, body, &secret, now))?;
        Ok(self.principal)
    }
}

async fn credential(visit: &Visit, dialect: Dialect, signature: &Signature) -> Result<Claim, ApiError> {
    let identity = &visit.services.identity;
    let token = signature.token.as_deref();
    if visit.access == Access::Open {
        let principal = identity.unchecked(&signature.access_key, token);
        return Ok(Claim { principal, secret: None });
    }
    let found = identity.credential(&signature.access_key, token).await.map_err(|error| {
        if error.kind() == Kind::Unauthenticated {
            ApiError::new(error.kind(), dialect.code(error.code()), error.to_string())
        } else {
            error.into()
        }
    })?;
    Ok(Claim { principal: found.principal, secret: Some(found.secret) })
}

fn refusal(dialect: Dialect, refused: &Refused) -> ApiError {
    let code = match refused {
        Refused::Incomplete(_) => "IncompleteSignature",
        Refused::Mismatch | Refused::Skewed(_) => "SignatureDoesNotMatch",
    };
    ApiError::new(Kind::Unauthenticated, dialect.code(code), refused.to_string())
}

/// Why a body was not read.
struct Unread {
    status: StatusCode,
    code: &'static str,
    message: String,
}

async fn read_all(body: Body, limit: usize) -> Result<Bytes, Unread> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Unread {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            code: "RequestEntityTooLargeException",
            message: format!("the request's body is larger than {limit} bytes"),
        }),
        Err(error) => Err(Unread {
            status: StatusCode::BAD_REQUEST,
            code: "IncompleteBody",
            message: format!("the request's body cannot be read: {error}"),
        }),
    }
}

fn refuse_status(dialect: Dialect, unread: &Unread, request_id: &str) -> Response {
    let error = ApiError::invalid(unread.code, unread.message.clone());
    let mut response = protocol::refuse(dialect, &error, request_id).into_response();
    *response.status_mut() = unread.status;
    response
}
