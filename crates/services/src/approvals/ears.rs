//! What approvals hear on the bus: that somebody asks, and that nobody waits for an answer any more.

use async_trait::async_trait;
use serde_json::Value;
use sha2::{Digest, Sha256};
use trainyard_domain::Event;
use trainyard_store::{Changes, Error as StoreError, Expect, List};

use super::{Approval, Approvals, REQUESTED, Status, TOKEN_CLOSED};
use crate::bus::Listener;

type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Listens for approvals.
pub struct Ears(pub Approvals);

#[async_trait]
impl Listener for Ears {
    fn name(&self) -> &'static str {
        "approvals"
    }

    fn wants(&self, event: &Event) -> bool {
        let closed = event.source == "trainyard" && event.detail_type == TOKEN_CLOSED;
        closed || (event.detail_type == REQUESTED && token(&event.detail).is_some())
    }

    async fn hear(&self, event: &Event) -> Result<(), Trouble> {
        if event.detail_type == REQUESTED { self.asked(event).await } else { self.closed(event).await }
    }
}

impl Ears {
    /// Keeps the question once: its id follows from the event. Another question of the same id moves it on.
    async fn asked(&self, event: &Event) -> Result<(), Trouble> {
        let Approvals { ground } = &self.0;
        let scope = event.scope.to_string();
        for attempt in 0_u8..=u8::MAX {
            let id = speakable(&event.id, attempt);
            if let Some(there) = ground.store.get::<Approval>(&scope, &id).await? {
                if there.value.event == event.id {
                    return Ok(());
                }
                continue;
            }
            let Some(approval) = read(event, id) else { return Ok(()) };
            let mut changes = Changes::new();
            changes.put(&approval, Expect::Absent)?;
            match ground.store.commit(changes).await {
                Err(StoreError::Conflict(_)) => {}
                done => return Ok(done?),
            }
        }
        Err(format!("no free id for the approval that event {} asks for", event.id).into())
    }

    async fn closed(&self, event: &Event) -> Result<(), Trouble> {
        let Some(digest) = event.detail.get("tokenDigest").and_then(Value::as_str) else { return Ok(()) };
        let list = List::in_scope(&event.scope).equal("token", digest);
        for held in self.0.ground.store.list::<Approval>(list).await?.items {
            if held.value.status == Status::Pending {
                self.0.expire(&held.value.scope, &held.value.id).await?;
            }
        }
        Ok(())
    }
}

fn token(detail: &Value) -> Option<&str> {
    ["taskToken", "token", "TaskToken"].iter().find_map(|name| detail.get(name)?.as_str())
}

fn read(event: &Event, id: String) -> Option<Approval> {
    let token = token(&event.detail)?.to_owned();
    let text =
        |names: &[&str]| names.iter().find_map(|name| event.detail.get(name)?.as_str()).map(str::to_owned);
    let execution = text(&["executionArn", "execution"])
        .or_else(|| event.resources.iter().find(|arn| arn.contains(":execution:")).cloned());
    let title = text(&["title", "message"]);
    let mut detail = event.detail.clone();
    if let Some(members) = detail.as_object_mut() {
        members.retain(|_, value| value.as_str() != Some(&token));
    }
    Some(Approval {
        scope: event.scope.clone(),
        id,
        event: event.id.clone(),
        title: title.unwrap_or_else(|| format!("{} asks for approval", event.source)),
        detail,
        execution,
        requested: event.time,
        status: Status::Pending,
        answer: None,
        token,
    })
}

/// Two words of five letters, consonants and vowels in turn, for 32 bits that follow from the event.
fn speakable(event: &str, attempt: u8) -> String {
    let digest = Sha256::new().chain_update(event).chain_update([attempt]).finalize();
    let word = |high: u8, low: u8| {
        let bits = u16::from_be_bytes([high, low]);
        let letter = |shift: u16, letters: &str| {
            let at = usize::from(bits >> shift) % letters.len();
            char::from(letters.as_bytes()[at])
        };
        let consonants = "bdfghjklmnprstvz";
        [
            letter(12, consonants),
            letter(10, "aiou"),
            letter(6, consonants),
            letter(4, "aiou"),
            letter(0, consonants),
        ]
        .iter()
        .collect::<String>()
    };
    format!("{}-{}", word(digest[0], digest[1]), word(digest[2], digest[3]))
}
