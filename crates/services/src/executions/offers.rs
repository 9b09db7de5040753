//! Tasks of activities: offered to whoever asks, and offered again under the same token when the answer that handed
//! one out did not get away.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html>

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::{runtime::Handle, sync::Notify, time::Instant};
use trainyard_domain::{Arn, Principal, Timestamp};
use trainyard_engine::{Fact, TaskCall};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, Keys, List, Noun, Range};

use super::{
    Error, Executions, names,
    tell::{Extra, Told},
};
use crate::audit;

/// So long an asker waits for a task.
const PATIENCE: Duration = Duration::from_secs(60);
/// Correctness never depends on a hint: a lost one costs at most this.
const SWEEP: Duration = Duration::from_secs(5);
/// How many offers are looked at together.
const OFFERS: usize = 10;

/// A task of an activity until its worker is known to have it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Offer {
    token: String,
    execution: Arn,
    activity: String,
    /// JSON text.
    input: String,
    offered: Timestamp,
    /// The run of the server that is handing it out.
    #[serde(default)]
    handed_by: Option<String>,
}

impl Offer {
    pub(super) fn new(execution: &Arn, activity: &str, call: &TaskCall, offered: Timestamp) -> Self {
        Self {
            token: call.token.clone(),
            execution: execution.clone(),
            activity: activity.to_owned(),
            input: call.parameters.text().to_owned(),
            offered,
            handed_by: None,
        }
    }
}

impl Noun for Offer {
    const KIND: &'static str = "activity-task";

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        self.token.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        match &self.handed_by {
            None => {
                let at = self.offered.millis().max(0);
                keys.add("waiting", format!("{}/{at:019}/{}", self.activity, self.token));
            }
            Some(server) => {
                keys.add("handed", server.clone());
            }
        }
    }
}

/// What all offers of one run of the server share.
pub(super) struct Counter {
    /// Names this run.
    server: String,
    arrived: Notify,
}

impl Counter {
    pub(super) fn new(server: String) -> Self {
        Self { server, arrived: Notify::new() }
    }

    /// Something may have been offered.
    pub(super) fn ring(&self) {
        self.arrived.notify_waiters();
    }
}

/// A task on its way to a worker. If it is dropped before it is [`Handed::delivered`], the worker has not heard of it,
/// and it is offered again under the same token.
pub struct Handed {
    room: Executions,
    token: String,
    input: String,
    open: bool,
}

impl Handed {
    /// The task's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The task's input, JSON text.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// The worker has it.
    pub fn delivered(mut self) {
        self.open = false;
        let (room, token) = (self.room.clone(), self.token.clone());
        in_background(async move {
            let mut changes = Changes::new();
            changes.delete::<Offer>("", &token, Expect::Any);
            if let Err(error) = room.ground.store.commit(changes).await {
                // Then it is offered once more after the next start.
                tracing::warn!(%error, "it cannot be noted that a worker has its task");
            }
        });
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        if self.open {
            let (room, token) = (self.room.clone(), self.token.clone());
            in_background(async move { room.take_back(&token).await });
        }
    }
}

fn in_background(work: impl Future<Output = ()> + Send + 'static) {
    // Without a runtime the server is going down: the next one looks at what was handed out.
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(work);
    }
}

impl Executions {
    /// Waits a minute for a task of the activity; none if none comes. Who goes away meanwhile takes none with them.
    pub async fn next_activity_task(
        &self,
        by: &Principal,
        arn: &str,
        worker: Option<String>,
    ) -> Result<Option<Handed>, Error> {
        let activity = self.activity(arn).await?.arn().to_string();
        names::check_length("workerName", worker.as_deref().unwrap_or_default(), 80)?;
        let end = Instant::now() + PATIENCE;
        loop {
            let mut arrived = std::pin::pin!(self.counter.arrived.notified());
            arrived.as_mut().enable();
            if let Some(handed) = self.hand_out(by, &activity, worker.as_deref()).await? {
                return Ok(Some(handed));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let _ = tokio::time::timeout(left.min(SWEEP), arrived).await;
        }
    }

    async fn hand_out(
        &self,
        by: &Principal,
        activity: &str,
        worker: Option<&str>,
    ) -> Result<Option<Handed>, Error> {
        let mut after = None;
        loop {
            let list = List::in_scope("").by("waiting").within(Range::prefix(&format!("{activity}/")));
            let page = self.ground.store.list::<Offer>(list.limit(OFFERS).after(after)).await?;
            for held in page.items {
                if let Some(handed) = self.hand(by, held, worker).await? {
                    return Ok(Some(handed));
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(None);
            }
        }
    }

    /// Hands the offer out; none if somebody else was faster, or nobody waits for it any more.
    async fn hand(
        &self,
        by: &Principal,
        held: Held<Offer>,
        worker: Option<&str>,
    ) -> Result<Option<Handed>, Error> {
        let Held { version, value: offer } = held;
        let (mut told, mut stale) = (Changes::new(), Changes::new());
        let handed = Offer { handed_by: Some(self.counter.server.clone()), ..offer.clone() };
        told.put(&handed, Expect::Version(version))?;
        audit::note(&mut told, &self.ground, by, "states:GetActivityTask", &offer.execution)?;
        stale.delete::<Offer>("", &offer.token, Expect::Any);
        // From here on it comes back by itself if the asker goes away.
        let (token, input) = (offer.token, offer.input);
        let mut handed = Handed { room: self.clone(), token: token.clone(), input, open: true };
        let fact = Fact::TaskTaken { token, worker: worker.map(str::to_owned) };
        match self.tell(&offer.execution, &fact, Extra { told, stale }).await {
            Ok(Told::Heard) => Ok(Some(handed)),
            Ok(Told::Stale) | Err(Error::Busy(_) | Error::Poisoned { .. } | Error::NoExecution(_)) => {
                handed.open = false;
                Ok(None)
            }
            Err(error) => {
                handed.open = false;
                Err(error)
            }
        }
    }

    /// Offers the task again: its worker has not heard of it.
    async fn take_back(&self, token: &str) {
        let again = async {
            // The commit that has handed it out may be under way: after one more it is done, or never will be.
            let mut nothing = Changes::new();
            nothing.cancel(super::carry::TASKS, "");
            self.ground.store.commit(nothing).await?;
            self.offer_again(self.ground.store.get::<Offer>("", token).await?).await
        };
        if let Err(error) = again.await {
            tracing::warn!(%error, "a task that was not delivered is offered again after the next start only");
        }
    }

    async fn offer_again(&self, held: Option<Held<Offer>>) -> Result<(), StoreError> {
        let Some(Held { version, value }) = held.filter(|held| held.value.handed_by.is_some()) else {
            return Ok(());
        };
        let mut changes = Changes::new();
        changes.put(&Offer { handed_by: None, ..value }, Expect::Version(version))?;
        match self.ground.store.commit(changes).await {
            // Answered meanwhile, or nobody waits for it any more.
            Ok(()) | Err(StoreError::Conflict(_)) => {
                self.counter.ring();
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Offers again what a server that is no more was handing out. Done once, at the start.
    pub(super) async fn offer_again_all(&self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let list = List::in_scope("").by("handed").after(after);
            let page = self.ground.store.list::<Offer>(list).await?;
            for held in page.items {
                if held.value.handed_by.as_deref() != Some(&self.counter.server) {
                    self.offer_again(Some(held)).await?;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
