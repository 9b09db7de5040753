//! From our HTTP to `s3s` and back.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode};
use s3s::service::S3ServiceBuilder;

use super::{
    OldQuery,
    access::{Guard, Keys},
    face::S3Face,
    host::Buckets,
    open,
};
use crate::face::{Access, Visit, doors::Serving};

/// Answers a request that is signed for S3.
pub(crate) fn serve(visit: Visit, request: Request) -> Serving {
    Box::pin(async move {
        let request_id = visit.request_id.clone();
        let request = match visit.access {
            Access::Signed => Ok(request),
            Access::Open => open::unsigned(&visit, request),
        };
        let mut response = match request {
            Ok(request) => answer(visit, request).await,
            Err(refused) => refused,
        };
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-amz-request-id", id.clone());
            response.headers_mut().insert("x-amz-id-2", id);
        }
        response
    })
}

async fn answer(visit: Visit, request: Request) -> Response {
    let mut builder = S3ServiceBuilder::new(S3Face { services: visit.services.clone() });
    builder.set_auth(Keys { identity: visit.services.identity.clone() });
    builder.set_access(Guard { visit });
    builder.set_host(Buckets);
    let (mut parts, body) = request.into_parts();
    OldQuery::show_token(&mut parts);
    let request = http::Request::from_parts(parts, s3s::Body::http_body_unsync(body));
    match builder.build().call(request).await {
        Ok(response) => {
            let (parts, body) = response.into_parts();
            Response::from_parts(parts, Body::new(body))
        }
        Err(error) => {
            tracing::error!(error = ?error, "an S3 request broke off");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
