//! One execution as its history tells it.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;
use trainyard_domain::Timestamp;
use trainyard_lang::asl::Resource;

use crate::{
    HistoryEvent, Outcome, Payload, Start, apply,
    frame::{Call, Frame, FrameId, Phase, ROOT},
    shelf::Shelf,
    token,
};

/// An execution: the fold of its history, and nothing else. A copy of it shares what it has in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub(crate) start: Option<Arc<Start>>,
    /// What the context object says of `start`: made once, and looked at by many states.
    pub(crate) context: Arc<Value>,
    pub(crate) secret: u64,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) last_id: u64,
    pub(crate) outcome: Option<Outcome>,
    frames: Shelf<Arc<Frame>>,
    /// The frames as they were when the execution did not end well: what a redrive goes on with.
    wreck: Shelf<Arc<Frame>>,
    /// How often it was redriven.
    pub(crate) redrives: u32,
    /// The frames that can go on without anything happening first.
    ready: Shelf<()>,
    /// The frame that the last event was about: the others have their turn before it.
    pub(crate) turn: FrameId,
    /// How many frames were ever begun beside the root.
    begun: u64,
    /// How many bytes the variables of all frames have.
    held: usize,
}

impl Run {
    /// The run that a history, or a prefix of one, tells.
    pub fn fold<'e>(events: impl IntoIterator<Item = &'e HistoryEvent>) -> Self {
        let mut run = Self::default();
        for event in events {
            apply(&mut run, event);
        }
        run
    }

    /// The run as these events leave it.
    #[must_use]
    pub fn after(&self, events: &[HistoryEvent]) -> Self {
        let mut run = self.clone();
        for event in events {
            apply(&mut run, event);
        }
        run
    }

    /// A run that begins once more where the history of this one ends: it knows nothing of it but its length.
    pub fn anew(&self) -> Self {
        Self { last_id: self.last_id, ..Self::default() }
    }

    /// What it was started with; none before that.
    pub fn start(&self) -> Option<&Start> {
        self.start.as_deref()
    }

    /// How it has ended; none while it runs.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// The id of its last event; 0 before the first.
    pub fn last_event_id(&self) -> u64 {
        self.last_id
    }

    /// The name of the state that it is in: the outermost one, where several are open inside each other.
    pub fn state_name(&self) -> Option<&str> {
        self.frame(ROOT)?.phase.entry().map(|entry| &*entry.state)
    }

    /// Whether it waits for the task of that token.
    pub fn waits_for(&self, token: &str) -> bool {
        self.calling(token).is_some()
    }

    /// Whether it waits for the task of that token, which is of an activity and which no worker is known to have.
    pub fn waits_for_worker(&self, token: &str) -> bool {
        self.waits_for_worker_of(token).is_some()
    }

    /// The activity of that task.
    pub fn waits_for_worker_of(&self, token: &str) -> Option<&str> {
        match self.call(token)? {
            Call { resource: Resource::Activity(activity), started: false, .. } => Some(activity),
            _ => None,
        }
    }

    /// What it has called with that token and waits for.
    pub fn called_with(&self, token: &str) -> Option<&Resource> {
        self.call(token).map(|call| &call.resource)
    }

    fn call(&self, token: &str) -> Option<&Call> {
        match &self.frame(self.calling(token)?)?.phase {
            Phase::Calling { call, .. } => Some(call),
            _ => None,
        }
    }

    /// The frame whose task has that token, while it is under way.
    pub(crate) fn calling(&self, token: &str) -> Option<FrameId> {
        let id = token::frame(token)?;
        (self.frame(id)?.phase.token() == Some(token)).then_some(id)
    }

    /// The tokens of the tasks under way.
    pub fn open_tokens(&self) -> Vec<&str> {
        self.frames.iter().filter_map(|(_, frame)| frame.phase.token()).collect()
    }

    pub(crate) fn frame(&self, id: FrameId) -> Option<&Frame> {
        self.frames.get(id).map(|frame| &**frame)
    }

    /// The next frame that can go on, in turn.
    pub(crate) fn next_ready(&self) -> Option<FrameId> {
        let after = self.ready.at_or_after(self.turn.saturating_add(1));
        after.or_else(|| self.ready.at_or_after(0)).map(|(id, ())| id)
    }

    /// Changes a frame. One that is not there is not missed: a history may be damaged.
    pub(crate) fn change(&mut self, id: FrameId, change: impl FnOnce(&mut Frame)) {
        let Some(frame) = self.frames.get_mut(id) else { return };
        let was = frame.is_ready();
        let frame = Arc::make_mut(frame);
        change(frame);
        let is = frame.is_ready();
        if is && !was {
            self.ready.insert(id, ());
        } else if was && !is {
            self.ready.remove(id);
        }
    }

    /// How many bytes the variables of all frames would have, if the frame set these.
    pub(crate) fn held_with(&self, id: FrameId, assigned: &BTreeMap<String, Payload>) -> usize {
        let Some(frame) = self.frame(id) else { return self.held };
        let replaced = assigned.keys().filter_map(|name| frame.variables.get(name));
        self.held.saturating_sub(bytes(replaced)).saturating_add(bytes(assigned.values()))
    }

    /// The frame sets variables.
    pub(crate) fn assign(&mut self, id: FrameId, assigned: &BTreeMap<String, Payload>) {
        if assigned.is_empty() {
            return;
        }
        self.held = self.held_with(id, assigned);
        let assigned = assigned.iter().map(|(name, value)| (name.clone(), value.clone()));
        self.change(id, |frame| Arc::make_mut(&mut frame.variables).extend(assigned));
    }

    /// The number that the next frame will have.
    pub(crate) fn next_frame(&self) -> FrameId {
        self.begun + 1
    }

    /// Begins a frame under the next number.
    pub(crate) fn begin(&mut self, frame: Frame) -> FrameId {
        self.begun += 1;
        self.put(self.begun, frame);
        self.begun
    }

    /// Begins the first frame.
    pub(crate) fn begin_root(&mut self, frame: Frame) {
        self.put(ROOT, frame);
    }

    fn put(&mut self, id: FrameId, frame: Frame) {
        if frame.is_ready() {
            self.ready.insert(id, ());
        }
        self.frames.insert(id, Arc::new(frame));
    }

    /// Ends a frame, and those that it has begun.
    pub(crate) fn end(&mut self, id: FrameId) {
        let mut ends = vec![id];
        while let Some(id) = ends.pop() {
            if let Some(frame) = self.frames.remove(id) {
                self.held = self.held.saturating_sub(bytes(frame.variables.values()));
                ends.extend(frame.phase.children());
                self.ready.remove(id);
            }
        }
    }

    /// Ends the frames that this one has begun.
    pub(crate) fn end_children(&mut self, id: FrameId) {
        for child in self.frame(id).map(|frame| frame.phase.children()).unwrap_or_default() {
            self.end(child);
        }
    }

    /// Nothing goes on any more, or not before a redrive.
    pub(crate) fn finish(&mut self, outcome: Outcome) {
        let frames = std::mem::take(&mut self.frames);
        self.wreck = match outcome {
            Outcome::Succeeded { .. } => Shelf::default(),
            Outcome::Failed { .. } | Outcome::TimedOut | Outcome::Aborted { .. } => frames,
        };
        self.ready = Shelf::default();
        self.held = 0;
        self.outcome = Some(outcome);
    }

    /// The frames of an execution that has not ended well go on as `resume` says.
    pub(crate) fn reopen(&mut self, resume: impl Fn(FrameId, Frame) -> Frame) {
        self.outcome = None;
        for (id, frame) in std::mem::take(&mut self.wreck).iter() {
            let frame = resume(id, Frame::clone(frame));
            self.held = self.held.saturating_add(bytes(frame.variables.values()));
            self.put(id, frame);
        }
    }

    /// All frames; of an execution that has not ended well, as they were then.
    pub(crate) fn frames(&self) -> impl Iterator<Item = (FrameId, &Frame)> {
        let frames = if self.outcome.is_none() { &self.frames } else { &self.wreck };
        frames.iter().map(|(id, frame)| (id, &**frame))
    }

    /// One of [`Self::frames`].
    pub(crate) fn seen(&self, id: FrameId) -> Option<&Frame> {
        let frames = if self.outcome.is_none() { &self.frames } else { &self.wreck };
        frames.get(id).map(|frame| &**frame)
    }
}

fn bytes<'p>(values: impl Iterator<Item = &'p Payload>) -> usize {
    values.map(|value| value.text().len()).sum()
}
