//! A call comes in.

use std::collections::HashSet;

use trainyard_domain::{
    Event,
    event::Way,
    hook::{Heard, HookCall, HookError, Notice},
};
use trainyard_store::{Changes, Error as StoreError, Expect};

use super::{
    Error, Hooks, WebHook,
    noun::{Delivery, Secrets},
};
use crate::{
    bus::{self, detail},
    ground::uuid_from,
};

/// What senders call a delivery may be so long.
const LONGEST_DELIVERY: usize = 200;
/// A longer body is verified and read beside the threads that answer everybody: who sends it may be anybody.
const LONG: usize = 64 * 1024;
/// How often a commit is tried again beside others that tell the same.
const TRIES: usize = 16;

/// A call that came in, as it came.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, not one byte changed.
    pub body: bytes::Bytes,
}

/// What became of a call. It is on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipt {
    /// The ids of the events that were told because of it, now or when it came before.
    pub events: Vec<String>,
    /// Why something was not told.
    pub remark: Option<String>,
}

impl Hooks {
    /// The hook that calls of that name are for. Whoever calls is nobody yet.
    pub async fn find(&self, name: &str) -> Result<WebHook, Error> {
        let held = self.ground.store.get::<WebHook>("", name).await?;
        held.map(|held| held.value).ok_or_else(|| Error::NoHook(name.to_owned()))
    }

    /// Verifies a call and tells what it says. When it returns, that is on disk; a delivery that was told before is
    /// acknowledged and not told again, also when many come at the same moment.
    pub async fn receive(&self, hook: &WebHook, call: &Incoming) -> Result<Receipt, Error> {
        let heard = self.read(hook, call).await.inspect_err(|error| {
            tracing::info!(hook = hook.name, %error, "a call of a hook is refused");
        })?;
        heard.notices.iter().try_for_each(check)?;
        self.tell(hook, &heard.notices).await?;
        let events = heard.notices.iter().map(|notice| event_id(hook, notice)).collect();
        Ok(Receipt { events, remark: heard.remark })
    }

    /// Verifies a call and reads it. Its body is let go of when that is over, also if whoever called has gone meanwhile.
    async fn read(&self, hook: &WebHook, call: &Incoming) -> Result<Heard, Error> {
        let held = self.ground.store.get::<Secrets>("", &hook.name).await?;
        let secrets = held.ok_or_else(|| Error::NoHook(hook.name.clone()))?.value;
        let (secrets, now) = (secrets.good(self.ground.now()), self.ground.wall());
        let (kind, name, call) = (self.kind(&hook.kind)?.clone(), hook.name.clone(), call.clone());
        let long = call.body.len() > LONG;
        let read = move || {
            let Incoming { headers, body } = &call;
            kind.read(&HookCall { hook: &name, headers, body, secrets: &secrets, now })
        };
        if !long {
            return Ok(read()?);
        }
        let heard = tokio::task::spawn_blocking(read).await;
        Ok(heard.map_err(|error| Error::Internal(format!("the reading of a call broke off: {error}")))??)
    }

    /// Tells what was not told yet, all in one commit with the memory of it.
    async fn tell(&self, hook: &WebHook, notices: &[Notice]) -> Result<(), Error> {
        for _ in 0..TRIES {
            let (mut changes, mut here) = (Changes::new(), HashSet::new());
            for notice in notices {
                let twice = !here.insert(&notice.delivery);
                if twice || self.ground.store.get::<Delivery>(&hook.id, &notice.delivery).await?.is_some() {
                    continue;
                }
                let (at, delivery) = (self.ground.now(), notice.delivery.clone());
                changes.put(&Delivery { hook: hook.id.clone(), delivery, at }, Expect::Absent)?;
                bus::tell(&mut changes, &self.event(hook, notice))?;
            }
            if changes.is_empty() {
                return Ok(());
            }
            match self.ground.store.commit(changes).await {
                // Somebody else tells one of them at this moment: what is there is looked at again.
                Err(StoreError::Conflict(_)) => {}
                other => return Ok(other?),
            }
        }
        Err(Error::Concurrent(hook.name.clone()))
    }

    fn event(&self, hook: &WebHook, notice: &Notice) -> Event {
        Event {
            id: event_id(hook, notice),
            scope: hook.scope.clone(),
            bus: hook.bus.clone(),
            time: notice.time.unwrap_or_else(|| self.ground.now()),
            source: notice.source.clone(),
            detail_type: notice.detail_type.clone(),
            way: Way { received: notice.time.map(|_| self.ground.now()), ..Way::default() },
            resources: notice.resources.clone(),
            detail: notice.detail.clone(),
        }
    }
}

fn event_id(hook: &WebHook, notice: &Notice) -> String {
    uuid_from(&["hook", &hook.id, &notice.delivery])
}

/// Refuses what could not be remembered or told.
fn check(notice: &Notice) -> Result<(), Error> {
    let malformed = |why: String| Err(HookError::Malformed(why).into());
    let Notice { delivery, detail, .. } = notice;
    if delivery.is_empty()
        || delivery.len() > LONGEST_DELIVERY
        || !delivery.bytes().all(|b| b.is_ascii_graphic())
    {
        return malformed(format!(
            "the delivery's id is no text of 1 to {LONGEST_DELIVERY} printable characters"
        ));
    }
    let largest = detail::LARGEST;
    if detail.to_string().len() > largest {
        return malformed(format!(
            "what the call tells has more than {largest} bytes, which no event may have"
        ));
    }
    detail::check(detail).or_else(malformed)
}
