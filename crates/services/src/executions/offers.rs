//! Tasks of activities: offered to whoever asks, and offered again under the same token when the answer that handed
//! one out did not get away.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html>

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{runtime::Handle, sync::Notify, time::Instant};
use trainyard_domain::{Arn, Kind, Principal, Timestamp};
use trainyard_engine::{Command, Decision, Fact, TaskCall};
use trainyard_lang::asl::Resource;
use trainyard_store::{Changes, Error as StoreError, Expect, Held, Keys, List, Noun, Range};

use super::{
    Error, Executions,
    activity::Present,
    names,
    tell::{Extra, Told},
};
use crate::{audit, refusal::Refusal};

/// So long an asker waits for a task.
const PATIENCE: Duration = Duration::from_secs(60);
/// Correctness never depends on a hint: a lost one costs at most this.
const SWEEP: Duration = Duration::from_secs(5);
/// So many offers are read ahead.
const AHEAD: usize = 64;
/// So long it may take until it is on disk that a worker has its task.
const MOMENT: Duration = Duration::from_millis(100);
/// A task of an activity until its worker is known to have it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Offer {
    token: String,
    execution: Arn,
    activity: String,
    /// JSON text.
    input: String,
    offered: Timestamp,
    /// How many events the history had when the task was decided.
    #[serde(default)]
    events: u64,
    /// The run of the server that is handing it out.
    #[serde(default)]
    handed_by: Option<String>,
}

impl Offer {
    pub(super) fn new(
        (execution, events): (&Arn, u64),
        activity: &str,
        call: &TaskCall,
        offered: Timestamp,
    ) -> Self {
        Self {
            token: call.token.clone(),
            execution: execution.clone(),
            activity: activity.to_owned(),
            input: call.parameters.text().to_owned(),
            offered,
            events,
            handed_by: None,
        }
    }

    #[cfg(test)]
    pub(super) fn input(&self) -> &str {
        &self.input
    }
}

impl Noun for Offer {
    const KIND: &'static str = "activity-task";
    const SPILLS: bool = true;

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
    /// One bell per activity that somebody has asked for tasks of.
    bells: Mutex<HashMap<String, Arc<Bell>>>,
    /// The tokens of offers that are being handed out: other askers pass them over.
    in_hand: Mutex<HashSet<String>>,
    /// The tokens of tasks that workers have and whose offers are to go.
    delivered: Mutex<HashSet<String>>,
    /// Activities that are there.
    pub(super) present: Present,
}

/// Where those wait who have asked for a task of an activity.
struct Bell {
    rings: Notify,
    /// Whether something was offered, or may have been, since the store was looked at.
    news: AtomicBool,
    /// One at a time looks for an offer: two would find the same.
    turn: tokio::sync::Mutex<Ahead>,
}

/// What was read of the store and not handed out yet.
#[derive(Default)]
struct Ahead {
    offers: VecDeque<Held<Offer>>,
    looked: Option<Instant>,
}

impl Default for Bell {
    fn default() -> Self {
        Self { rings: Notify::new(), news: AtomicBool::new(true), turn: tokio::sync::Mutex::default() }
    }
}

impl Bell {
    /// Whether the store may have offers that were not read.
    fn is_due(&self, looked: Option<Instant>) -> bool {
        let long_ago = looked.is_none_or(|looked| looked.elapsed() >= SWEEP);
        self.news.swap(false, Ordering::SeqCst) || long_ago
    }
}

impl Counter {
    pub(super) fn new(server: String) -> Self {
        Self {
            server,
            bells: Mutex::default(),
            in_hand: Mutex::default(),
            delivered: Mutex::default(),
            present: Present::default(),
        }
    }

    /// A task of the activity was offered: one of those who wait for it looks.
    pub(super) fn ring(&self, activity: &str) {
        if let Some(bell) = lock(&self.bells).get(activity) {
            bell.news.store(true, Ordering::SeqCst);
            bell.rings.notify_one();
        }
    }

    /// The decision is committed, with all that it offers.
    pub(super) fn ring_for(&self, decision: &Decision) {
        for activity in activities(decision) {
            self.ring(activity);
        }
    }

    /// Whatever was offered: all look.
    pub(super) fn ring_all(&self) {
        for bell in lock(&self.bells).values() {
            bell.news.store(true, Ordering::SeqCst);
            bell.rings.notify_waiters();
        }
    }

    fn bell(&self, activity: &str) -> Arc<Bell> {
        Arc::clone(lock(&self.bells).entry(activity.to_owned()).or_default())
    }

    fn take(&self, token: &str) -> InHand<'_> {
        lock(&self.in_hand).insert(token.to_owned());
        InHand { counter: self, token: token.to_owned() }
    }

    /// The task was answered: its offer goes with the answer.
    pub(super) fn answered(&self, token: &str) {
        lock(&self.delivered).remove(token);
    }
}

/// An offer while it is being handed out.
struct InHand<'a> {
    counter: &'a Counter,
    token: String,
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        lock(&self.counter.in_hand).remove(&self.token);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The activity of each task that the decision wants done by a worker.
fn activities(decision: &Decision) -> impl Iterator<Item = &str> {
    decision.commands.iter().filter_map(|command| match command {
        Command::RunTask(TaskCall { resource: Resource::Activity(activity), .. }) => Some(activity.as_str()),
        _ => None,
    })
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

    /// The worker has it. A moment later that is on disk, for all that were delivered meanwhile together, unless the
    /// worker is faster with its answer; if the server dies before, the task is offered once more.
    pub fn delivered(mut self) {
        self.open = false;
        let first = {
            let mut delivered = lock(&self.room.counter.delivered);
            delivered.insert(self.token.clone());
            delivered.len() == 1
        };
        if first {
            let room = self.room.clone();
            in_background(async move {
                tokio::time::sleep(MOMENT).await;
                while !room.forget_delivered().await {
                    tokio::time::sleep(SWEEP).await;
                }
            });
        }
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
    /// Of the activities that the decision has tasks for, those that are not there.
    pub(super) async fn absent_activities(&self, decision: &Decision) -> Result<Vec<String>, Error> {
        let mut absent = Vec::new();
        for activity in activities(decision).collect::<BTreeSet<_>>() {
            match self.must_have_activity(activity).await {
                Ok(_) => {}
                Err(error) if error.kind() == Kind::NotFound => absent.push(activity.to_owned()),
                Err(error) => return Err(error),
            }
        }
        Ok(absent)
    }

    /// Waits a minute for a task of the activity; none if none comes. Who goes away meanwhile takes none with them.
    pub async fn next_activity_task(
        &self,
        by: &Principal,
        arn: &str,
        worker: Option<String>,
    ) -> Result<Option<Handed>, Error> {
        let activity = self.must_have_activity(arn).await?;
        names::check_length("workerName", worker.as_deref().unwrap_or_default(), 80)?;
        let end = Instant::now() + PATIENCE;
        let bell = self.counter.bell(&activity);
        loop {
            let mut arrived = std::pin::pin!(bell.rings.notified());
            arrived.as_mut().enable();
            if let Some(handed) = self.hand_out(by, (&activity, &bell), worker.as_deref()).await? {
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
        (activity, bell): (&str, &Bell),
        worker: Option<&str>,
    ) -> Result<Option<Handed>, Error> {
        let mut passed = HashSet::new();
        while let Some((held, _in_hand)) = self.pick(activity, bell, &passed).await? {
            let token = held.value.token.clone();
            if let Some(held) = self.with_input(held).await?
                && let Some(handed) = self.hand(by, held, worker).await?
            {
                return Ok(Some(handed));
            }
            passed.insert(token);
        }
        Ok(None)
    }

    /// The offer with its input, which may not have been read yet; none if it cannot be, or has gone meanwhile.
    async fn with_input(&self, held: Held<Offer>) -> Result<Option<Held<Offer>>, Error> {
        if !held.value.input.is_empty() {
            return Ok(Some(held));
        }
        match self.ground.store.get("", &held.value.token).await {
            Err(StoreError::Poisoned { .. }) => Ok(None),
            held => Ok(held?),
        }
    }

    /// Takes the oldest offer in hand that nobody has in hand and that was not passed over. A large input is not read.
    async fn pick(
        &self,
        activity: &str,
        bell: &Bell,
        passed: &HashSet<String>,
    ) -> Result<Option<(Held<Offer>, InHand<'_>)>, Error> {
        let mut ahead = bell.turn.lock().await;
        // Looked at before the store is: an offer that is out of hand by the time of its answer is gone.
        let others: HashSet<String> = lock(&self.counter.in_hand).union(passed).cloned().collect();
        if ahead.offers.is_empty() && bell.is_due(ahead.looked) {
            let offers = self.read_ahead(activity, &others).await;
            if !matches!(&offers, Ok((_, false))) {
                bell.news.store(true, Ordering::SeqCst);
            }
            *ahead = Ahead { offers: offers?.0, looked: Some(Instant::now()) };
        }
        while let Some(held) = ahead.offers.pop_front() {
            if !others.contains(&held.value.token) {
                let in_hand = self.counter.take(&held.value.token);
                return Ok(Some((held, in_hand)));
            }
        }
        Ok(None)
    }

    /// The oldest offers that nobody else has in hand, and whether there are more.
    async fn read_ahead(
        &self,
        activity: &str,
        others: &HashSet<String>,
    ) -> Result<(VecDeque<Held<Offer>>, bool), Error> {
        let list = List::in_scope("").by("waiting").within(Range::prefix(&format!("{activity}/")));
        let list = list.without_texts();
        let page = self.ground.store.list::<Offer>(list.limit(others.len() + AHEAD)).await?;
        let free = page.items.into_iter().filter(|held| !others.contains(&held.value.token));
        Ok((free.collect(), page.next.is_some()))
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
        match self.tell(&offer.execution, &fact, Extra { told, stale, events: offer.events }).await {
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

    /// Takes the offers away whose workers have their tasks and have not answered yet; says whether it could. Those that
    /// are still there when the server ends are offered once more after the next start.
    pub(super) async fn forget_delivered(&self) -> bool {
        let tokens = std::mem::take(&mut *lock(&self.counter.delivered));
        // Mostly the workers were faster.
        if tokens.is_empty() {
            return true;
        }
        let mut changes = Changes::new();
        for token in &tokens {
            changes.delete::<Offer>("", token, Expect::Any);
        }
        let Err(error) = self.ground.store.commit(changes).await else { return true };
        tracing::warn!(%error, "it cannot be noted that workers have their tasks");
        lock(&self.counter.delivered).extend(tokens);
        false
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
        let (mut changes, activity) = (Changes::new(), value.activity.clone());
        changes.put(&Offer { handed_by: None, ..value }, Expect::Version(version))?;
        match self.ground.store.commit(changes).await {
            // Answered meanwhile, or nobody waits for it any more.
            Ok(()) | Err(StoreError::Conflict(_)) => {
                self.counter.ring(&activity);
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
