//! `POST /hooks/<name>`: other systems say what happened.
//!
//! Whoever calls is nobody until the signature of the whole body was found good, so that bodies are bounded, each and
//! all together.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::CONTENT_LENGTH},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use trainyard_domain::Kind;
use trainyard_services::{
    Services,
    hooks::{Error, Incoming},
    refusal::Refusal,
};

/// GitHub sends no larger body.
/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap>
const LARGEST: usize = 25 << 20;
/// All bodies that are read at a moment have so many bytes.
const ALL: usize = 64 << 20;

/// What answers calls.
#[derive(Clone)]
pub(crate) struct Desk {
    services: Arc<Services>,
    room: Arc<Semaphore>,
}

impl Desk {
    pub(crate) fn new(services: Arc<Services>) -> Self {
        Self { services, room: Arc::new(Semaphore::new(ALL)) }
    }
}

/// 200 when what the call says is on disk, or was before, or is nothing that is told.
pub(crate) async fn receive(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match told(&desk, &name, &headers, body).await {
        Ok(answer) => answer,
        Err((status, why)) => (status, Json(json!({"message": why}))).into_response(),
    }
}

type Refused = (StatusCode, String);

async fn told(desk: &Desk, name: &str, headers: &HeaderMap, body: Body) -> Result<Response, Refused> {
    let hooks = &desk.services.hooks;
    let hook = hooks.find(name).await.map_err(refused)?;
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > LARGEST) {
        return Err(too_large());
    }
    let (body, _room) = read(body, &desk.room).await?;
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let call = Incoming { headers: headers.iter().filter_map(text).collect(), body: body.into() };
    let receipt = hooks.receive(&hook, &call).await.map_err(refused)?;
    let mut answer = json!({"events": receipt.events});
    if let Some(remark) = receipt.remark {
        answer["remark"] = remark.into();
    }
    Ok(Json(answer).into_response())
}

/// The body, and its share of the room for all bodies.
async fn read(body: Body, room: &Arc<Semaphore>) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Refused> {
    let mut pieces = body.into_data_stream();
    let (mut bytes, mut taken) = (Vec::new(), None::<OwnedSemaphorePermit>);
    while let Some(piece) = pieces.next().await {
        let piece =
            piece.map_err(|error| (StatusCode::BAD_REQUEST, format!("the body cannot be read: {error}")))?;
        if bytes.len() + piece.len() > LARGEST {
            return Err(too_large());
        }
        let share = u32::try_from(piece.len()).ok();
        let Some(more) = share.and_then(|share| Arc::clone(room).try_acquire_many_owned(share).ok()) else {
            let why = "too many calls come in at this moment: send it again later";
            return Err((StatusCode::SERVICE_UNAVAILABLE, why.to_owned()));
        };
        match &mut taken {
            Some(taken) => taken.merge(more),
            None => taken = Some(more),
        }
        bytes.extend_from_slice(&piece);
    }
    Ok((bytes, taken))
}

fn too_large() -> Refused {
    (StatusCode::PAYLOAD_TOO_LARGE, format!("the body has more than {LARGEST} bytes"))
}

fn refused(error: Error) -> Refused {
    let status = match error.kind() {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Forbidden | Kind::Unauthenticated => StatusCode::FORBIDDEN,
        Kind::Exists | Kind::Conflict | Kind::Busy | Kind::Unavailable | Kind::Timeout => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bodies_share_their_room() {
        let room = Arc::new(Semaphore::new(10));
        let (first, share) = read(Body::from("12345678"), &room).await.unwrap();
        assert_eq!(first, b"12345678");
        let (status, _) = read(Body::from("123"), &room).await.unwrap_err();
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        // What was refused holds nothing, and what was answered gives its share back.
        assert_eq!(room.available_permits(), 2);
        drop(share);
        assert!(read(Body::from("1234567890"), &room).await.is_ok());
        assert_eq!(read(Body::empty(), &room).await.unwrap().0, b"");
    }

    #[tokio::test]
    async fn a_body_has_its_bound() {
        let room = Arc::new(Semaphore::new(ALL));
        let body = Body::from(vec![0; LARGEST + 1]);
        assert_eq!(read(body, &room).await.unwrap_err().0, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(read(Body::from(vec![0; LARGEST]), &room).await.is_ok());
        assert_eq!(room.available_permits(), ALL);
    }
}
