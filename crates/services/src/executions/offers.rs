//! Tasks of activities: offered to whoever asks. An offer goes from the store in the commit that notes that a worker has
//! the task; as long as it stands there, it is offered again after a crash, under the same token.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html>

use std::{collections::HashSet, time::Duration};

use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::{runtime::Handle, time::Instant};
use trainyard_domain::{Arn, Kind, Principal};
use trainyard_engine::{Command, Decision, TaskCall, Token};
use trainyard_lang::asl::Resource;
use trainyard_store::{Changes, Error as StoreError, WorkItem};

use super::{
    Error, Executions, carry,
    counter::{LINE, Line, SWEEP},
    hands::Taken,
    names,
    runs::Loaded,
    tell::Extra,
};
use crate::{audit, refusal::Refusal};

/// So long an asker waits for a task.
const PATIENCE: Duration = Duration::from_secs(60);
/// So long it may take until it is on disk that a worker has its task.
const MOMENT: Duration = Duration::from_millis(100);
/// So many executions are told at a time that workers have their tasks.
const TOLD: usize = 64;

/// The topic of tasks that wait for a worker, by token, in the lanes of their activities.
pub(super) const OFFERS: &str = "activity-tasks";

/// A task of an activity until its worker is known to have it.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    token: String,
    execution: Arn,
    activity: String,
    body: Body,
}

/// What of an offer is not in its token.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Body {
    /// How many events the history had when the task was decided.
    events: u64,
    /// JSON text; empty where it was not read.
    input: String,
}

impl Offer {
    pub(super) fn new((execution, events): (&Arn, u64), activity: &str, call: &TaskCall) -> Self {
        let (token, input) = (call.token.clone(), call.parameters.text().to_owned());
        Self::of(token, execution.clone(), activity.to_owned(), (events, input))
    }

    pub(super) fn of(
        token: String,
        execution: Arn,
        activity: String,
        (events, input): (u64, String),
    ) -> Self {
        Self { token, execution, activity, body: Body { events, input } }
    }

    /// As it waits in the store.
    pub(super) fn item(&self) -> Result<WorkItem, StoreError> {
        let body = carry::json(&self.body)?;
        Ok(WorkItem::now(OFFERS, self.token(), body).in_lane(self.activity()).spilling())
    }

    /// From what waits in the store; a text that lies beside it is not read. None if it is no offer.
    fn read(item: WorkItem) -> Option<Self> {
        let execution = Token::read(&item.id)?.execution.parse().ok()?;
        let body = serde_json::from_str(&item.without_texts()?).ok()?;
        Some(Self { token: item.id, execution, activity: item.lane, body })
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn activity(&self) -> &str {
        &self.activity
    }

    /// The same without its input if that is longer.
    pub(super) fn without_long_input(mut self, most: usize) -> Self {
        if self.body.input.len() > most {
            self.body.input = String::new();
        }
        self
    }
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
    offer: Offer,
    open: bool,
}

impl Handed {
    /// The task's token.
    pub fn token(&self) -> &str {
        &self.offer.token
    }

    /// The task's input, JSON text.
    pub fn input(&self) -> &str {
        &self.offer.body.input
    }

    /// The worker has it. That is on disk with whatever the execution is told next, and a moment later at the latest;
    /// if the server dies before, the task is offered once more.
    pub fn delivered(mut self) {
        self.open = false;
        let task = (&self.offer.execution, self.offer.token.as_str());
        if self.room.counter.hands.delivered(task, || self.room.ground.now()) {
            let room = self.room.clone();
            // Without a runtime the server is going down.
            if let Ok(runtime) = Handle::try_current() {
                runtime.spawn(async move { room.keep_noting().await });
            }
        }
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        let counter = &self.room.counter;
        if self.open && counter.hands.take_back(&self.offer.execution, &self.offer.token) {
            counter.line(&self.offer.activity).come_back(self.offer.clone());
        }
    }
}

/// An offer that is in hand and not yet given to anybody: if whoever has it goes away, it is offered again.
struct Picked<'a> {
    room: &'a Executions,
    line: &'a Line,
    offer: Option<Offer>,
}

impl Picked<'_> {
    /// It is out of hand, and will be found in the store again if it is still there.
    fn pass_over(mut self) -> Option<String> {
        let token = self.offer.take()?.token;
        self.room.counter.hands.drop(&token);
        Some(token)
    }

    /// Somebody has it.
    fn given(mut self) {
        self.offer = None;
    }
}

impl Drop for Picked<'_> {
    fn drop(&mut self) {
        if let Some(offer) = self.offer.take() {
            self.room.counter.hands.drop(&offer.token);
            self.line.come_back(offer);
        }
    }
}

/// A look at the store: if it is given up, it is to be taken again.
struct Look<'a>(Option<&'a Line>);

impl Look<'_> {
    fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        if let Some(line) = self.0 {
            line.not_read();
        }
    }
}

impl Executions {
    /// Of the activities that the decision has tasks for, those that are not there.
    pub(super) async fn absent_activities(&self, decision: &Decision) -> Result<Vec<String>, Error> {
        let mut absent = Vec::new();
        for activity in activities(decision).collect::<HashSet<_>>() {
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
        let line = self.counter.line(&activity);
        loop {
            let mut arrived = std::pin::pin!(line.rings.notified());
            arrived.as_mut().enable();
            if let Some(handed) = self.hand_out(by, &line, worker.as_deref()).await? {
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
        line: &Line,
        worker: Option<&str>,
    ) -> Result<Option<Handed>, Error> {
        let mut passed = HashSet::new();
        while let Some(offer) = self.pick(line, &passed).await? {
            let picked = Picked { room: self, line, offer: Some(offer.clone()) };
            match self.hand(by, offer, worker).await? {
                None => passed.extend(picked.pass_over()),
                handed => {
                    picked.given();
                    return Ok(handed);
                }
            }
        }
        Ok(None)
    }

    /// Takes the oldest offer in hand that nobody has in hand and that was not passed over. A large input is not read.
    async fn pick(&self, line: &Line, passed: &HashSet<String>) -> Result<Option<Offer>, Error> {
        let hands = &self.counter.hands;
        if let Some(offer) = line.next(hands) {
            return Ok(Some(offer));
        }
        let _reading = line.reading.lock().await;
        let mut next = line.next(hands);
        if next.is_none() && line.is_due() {
            let look = Look(Some(line));
            let (offers, more) = self.read_offers(&line.activity, passed).await?;
            line.read(offers, more);
            look.done();
            next = line.next(hands);
        }
        Ok(next)
    }

    /// The oldest offers that nobody has in hand, and whether there are more.
    async fn read_offers(
        &self,
        activity: &str,
        passed: &HashSet<String>,
    ) -> Result<(Vec<Offer>, bool), Error> {
        // Asked before the store is: what is out of hand by the time of its answer may have gone from there since.
        let others: HashSet<String> = self.counter.hands.tokens(activity).union(passed).cloned().collect();
        let mut seen = HashSet::new();
        loop {
            let agenda =
                self.ground.store.agenda((OFFERS, activity), self.ground.now(), (seen, LINE)).await?;
            seen = agenda.known;
            seen.extend(agenda.due.iter().map(|item| item.revision));
            let offers = agenda.due.into_iter().filter(|item| !others.contains(&item.id));
            let offers: Vec<Offer> = offers.filter_map(|item| self.offer(item)).collect();
            if !offers.is_empty() || !agenda.more {
                return Ok((offers, agenda.more));
            }
        }
    }

    /// The offer that waits in the store. One that cannot be read is told of, and stays.
    fn offer(&self, item: WorkItem) -> Option<Offer> {
        let (scope, id) = (format!("{OFFERS}/{}", item.lane), item.id.clone());
        let offer = Offer::read(item);
        if offer.is_none() {
            let (kind, reason) = ("work".to_owned(), "it is no task of an activity".to_owned());
            self.ground.store.report(&StoreError::Poisoned { kind, scope, id, reason });
        }
        offer
    }

    /// Hands the offer out; none if it cannot be, or nobody waits for a worker any more.
    async fn hand(
        &self,
        by: &Principal,
        mut offer: Offer,
        worker: Option<&str>,
    ) -> Result<Option<Handed>, Error> {
        match self.is_offered(&offer).await {
            Ok(true) => {}
            Ok(false) => {
                let mut stale = Changes::new();
                stale.cancel_in((OFFERS, &offer.activity), &offer.token);
                self.ground.store.commit(stale).await?;
                return Ok(None);
            }
            Err(Error::Poisoned { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        if offer.body.input.is_empty() {
            match self.read_body(&offer).await? {
                Some(body) => offer.body = body,
                None => return Ok(None),
            }
        }
        let task = (offer.activity.as_str(), offer.token.as_str());
        let mut taken = Taken::new(task, worker.map(str::to_owned));
        audit::note(&mut taken.changes, &self.ground, by, "states:GetActivityTask", &offer.execution)?;
        self.counter.hands.give(&offer.execution, taken);
        // From here on it comes back by itself if the asker goes away.
        Ok(Some(Handed { room: self.clone(), offer, open: true }))
    }

    /// The whole of it; none if it is not there any more, or cannot be read.
    async fn read_body(&self, offer: &Offer) -> Result<Option<Body>, Error> {
        let store = &self.ground.store;
        let Some(item) = store.work((OFFERS, &offer.activity), &offer.token).await? else { return Ok(None) };
        match store.body(&item).await {
            Ok(body) => Ok(serde_json::from_str(&body).ok()),
            Err(StoreError::Poisoned { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the task of the offer still waits for a worker.
    async fn is_offered(&self, offer: &Offer) -> Result<bool, Error> {
        let is_waiting = |loaded: &Loaded| loaded.run.waits_for_worker(&offer.token);
        match self.look(&offer.execution, offer.body.events, is_waiting).await {
            Err(Error::NoExecution(_)) => Ok(false),
            is_offered => is_offered,
        }
    }

    /// Writes down which tasks workers have, of all executions; says whether it could. Done now and then by itself, and
    /// to be done when the last answer has gone out.
    pub async fn note_delivered(&self) -> bool {
        let executions = stream::iter(self.counter.hands.to_note());
        let noted = executions.map(|execution| async move { self.note_taken(&execution).await });
        noted.buffer_unordered(TOLD).fold(true, async |all, one| all && one).await
    }

    async fn keep_noting(&self) {
        loop {
            tokio::time::sleep(MOMENT).await;
            if !self.note_delivered().await {
                tokio::time::sleep(SWEEP).await;
            }
            if self.counter.hands.rest() {
                return;
            }
        }
    }

    /// Writes down which tasks of the execution workers have; says whether it could.
    pub(super) async fn note_taken(&self, execution: &Arn) -> bool {
        let taken = self.counter.hands.of(execution, None);
        if taken.is_empty() {
            return true;
        }
        match self.tell_of(execution, None, Extra::default()).await {
            Ok(_) => true,
            // It stands still, or is gone: nobody waits for what its workers do.
            Err(Error::Poisoned { .. } | Error::NoExecution(_)) => {
                self.counter.hands.noted(execution, &taken);
                true
            }
            Err(error) => {
                tracing::warn!(%execution, %error, "it cannot be noted that workers have their tasks");
                false
            }
        }
    }
}
