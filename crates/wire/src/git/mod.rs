//! git's smart HTTP under `/git/<name>.git`, by the installed `git http-backend`.
//! <https://git-scm.com/docs/http-protocol>
//!
//! Who asks says so by Basic authentication: the user name is an access key, the password its secret, and for a
//! session `<secret>:<session token>`. A repository is the account's that the key is of; pushing to one that is not
//! there makes it.

mod access;
mod backend;
mod head;
mod route;
#[cfg(test)]
mod tests;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use trainyard_domain::{Kind, Principal};
use trainyard_services::{
    refusal::Refusal,
    repositories::{Error, Repositories},
};

use crate::face::{Visit, doors::Serving};

use route::{Act, Route};

/// Answers a request under `/git/`.
pub fn serve(visit: Visit, request: Request) -> Serving {
    Box::pin(async move {
        let headers = request.headers();
        match access::caller(&visit.services.identity, headers, visit.access).await {
            Ok(caller) => answer(&visit.services.repositories, &caller, request).await,
            Err(refused) => refused,
        }
    })
}

/// Answers a request whose sender is known.
async fn answer(repositories: &Repositories, caller: &Principal, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let route = match route::of(&parts) {
        Ok(route) => route,
        Err((status, why)) => return plain(status, why),
    };
    match place(repositories, caller, &route).await {
        Err(error) => refuse(&error),
        Ok(place) => {
            let call = backend::Call {
                repositories: repositories.clone(),
                caller: caller.clone(),
                place,
                route,
                parts,
            };
            backend::answer(call, body).await
        }
    }
}

async fn place(
    repositories: &Repositories,
    caller: &Principal,
    route: &Route,
) -> Result<trainyard_services::repositories::Place, Error> {
    match route.act {
        Act::Push | Act::AskToPush => repositories.ensure(caller, &route.name).await,
        Act::Fetch | Act::AskToFetch => repositories.place(&caller.account, &route.name).await,
    }
}

fn refuse(error: &Error) -> Response {
    let status = match error.kind() {
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unavailable | Kind::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Forbidden | Kind::Unauthenticated => StatusCode::FORBIDDEN,
        Kind::Exists | Kind::Conflict => StatusCode::CONFLICT,
        Kind::Timeout | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    if status.is_server_error() {
        tracing::error!(%error, "a git request failed");
        return plain(status, "the server cannot do it now; its log says why");
    }
    plain(status, &error.to_string())
}

/// git shows plain text to its user.
fn plain(status: StatusCode, text: &str) -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];
    (status, kind, format!("{text}\n")).into_response()
}

fn header_text<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name)?.to_str().ok()
}
