//! The HTTP face: one port for everything.
//!
//! A signed request goes to the service of its signing scope; an unsigned one goes by its first path segment to a
//! door ([`doors`]: the image registry, git) or to what the wiring mounts (pages, health, metrics). Before that, the
//! Host and Origin are looked at ([`guard`]).

mod again;
mod api;
pub mod doors;
mod guard;
mod patience;
mod places;
mod serve;
mod way;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, Method, StatusCode,
    header::{CONNECTION, EXPECT},
};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use trainyard_services::Services;

pub use guard::Hosts;
use guard::Stop;
pub use serve::serve;
use way::Way;

/// How the face is set up.
#[derive(Clone, Default)]
pub struct FaceConfig {
    /// Whether signatures are checked.
    pub access: Access,
    /// Names that mean this server, besides loopback, `*.localhost` and `*.amazonaws.com`.
    pub hosts: Hosts,
    /// What else is mounted, by first path segment: pages, health, metrics. The empty segment is the path `/`.
    /// They are served unsigned, with body limits of their own.
    pub mounted: BTreeMap<&'static str, Router>,
}

/// Whether signatures are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// They are.
    #[default]
    Signed,
    /// `--auth off`, on loopback only: any key is taken, and one of twelve digits selects the account.
    Open,
}

/// What is known of a request before its face looks at it.
#[derive(Clone)]
pub struct Visit {
    /// The rooms.
    pub services: Arc<Services>,
    /// Whether signatures and passwords are checked.
    pub access: Access,
    /// `http://localhost:4566`: how the client reaches us.
    pub base_url: String,
    /// The id that the answer carries.
    pub request_id: String,
}

#[derive(Clone)]
struct Face {
    services: Arc<Services>,
    config: Arc<FaceConfig>,
}

/// The whole face.
pub fn router(services: Arc<Services>, config: FaceConfig) -> Router {
    let face = Face { services, config: Arc::new(config) };
    Router::new().fallback(move |request: Request| {
        let face = face.clone();
        // On the heap: the future of the whole house is large.
        async move { Box::pin(face.answer(request)).await }
    })
}

impl Face {
    async fn answer(self, request: Request) -> Response {
        let request_id = uuid::Uuid::new_v4().to_string();
        let (parts, body) = request.into_parts();
        if let Err(stop) = guard::size(&parts) {
            return stopped(stop);
        }
        let host = match self.config.hosts.check(&parts) {
            Ok(host) => host,
            Err(stop) => return stopped(stop),
        };
        let way = way::of(&parts);
        let expects = parts.headers.contains_key(EXPECT);
        // Following a link from another site to a page of ours is fine; a door is no page.
        let is_page = matches!(&way, Way::Segment(segment) if doors::by_segment(segment).is_none());
        let reads_page = is_page && matches!(parts.method, Method::GET | Method::HEAD);
        if !reads_page && let Err(stop) = guard::same_site(&parts, &host) {
            return stopped(stop);
        }
        let visit = Visit {
            services: self.services.clone(),
            access: self.config.access,
            base_url: format!("http://{host}"),
            request_id: request_id.clone(),
        };
        let (body, fate) = patience::patient(body);
        let request = Request::from_parts(parts, body);
        let mut response = match way {
            Way::Signed => api::answer(visit, request).await,
            Way::Segment(segment) => self.unsigned(visit, &segment, request).await,
        };
        // hyper sends `100 Continue` when the body is first asked for. botocore remembers when none came, and misreads
        // the next answer on the same connection; and a body that was not read is in the way of the next request.
        let refused = response.status().is_client_error() || response.status().is_server_error();
        if (expects && !fate.was_asked_for()) || (refused && !fate.has_come()) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().entry("x-amzn-requestid").or_insert(id);
        }
        response
    }

    async fn unsigned(&self, visit: Visit, segment: &str, request: Request) -> Response {
        if let Some(door) = doors::by_segment(segment) {
            return (door.serve)(visit, request).await;
        }
        if let Some(router) = self.config.mounted.get(segment) {
            return match TowerToHyperService::new(router.clone()).call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
        }
        api::unsigned(&visit, &request.into_parts().0)
    }
}

fn stopped(stop: Stop) -> Response {
    let (status, text) = match stop {
        Stop::NoHost => {
            (StatusCode::BAD_REQUEST, "the request has no Host header, or not just one name in it")
        }
        Stop::Misdirected => (
            StatusCode::MISDIRECTED_REQUEST,
            "the Host header is not a name of this server: loopback, *.localhost, *.amazonaws.com or a configured one",
        ),
        Stop::Large => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "the request's path and headers are larger than 16 KiB",
        ),
        Stop::CrossSite => (StatusCode::FORBIDDEN, "requests sent by a page of another site are refused"),
    };
    (status, Body::from(format!("{text}\n"))).into_response()
}
