//! What the expressions of a state see.

use std::cell::OnceCell;

use serde_json::Value;
use trainyard_lang::asl::{Context, Node, Parts, Scope, StateKind, Variables};

use super::{
    context,
    context::{Item, More},
    entered::Entered,
    story::Story,
    trial::Notes,
};
use crate::{
    Run,
    frame::{Entry, FrameId},
};

/// The data of one evaluation of a state.
pub(super) struct Sight<'s> {
    run: &'s Run,
    entry: &'s Entry,
    frame: FrameId,
    now: i64,
    seed: u64,
    most: usize,
    more: More<'s>,
    context: OnceCell<Parts<'s>>,
    notes: Option<&'s Notes>,
}

impl<'s> Sight<'s> {
    pub(super) fn new(story: &'s Story<'_>, here: &'s Entered<'_>) -> Self {
        let retries =
            matches!(here.state.kind, StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_));
        let sight = Self::of(story, here.frame, &here.entry);
        Self { more: More { retries, ..sight.more }, ..sight }
    }

    /// The same for a state that is about to be entered.
    pub(super) fn of(story: &'s Story<'_>, frame: FrameId, entry: &'s Entry) -> Self {
        let (now, seed, most) = (story.at.now.millis(), story.seed(), story.at.payload_limit);
        let more = More { retries: false, token: None, item: None };
        let (run, notes, context) = (&story.run, story.notes(), OnceCell::new());
        Self { run, entry, frame, now, seed, most, more, context, notes }
    }

    /// `$$.Task.Token` is this.
    pub(super) fn with_token(mut self, token: &'s str) -> Self {
        self.more.token = Some(token);
        self
    }

    /// `$$.Map.Item` is this.
    pub(super) fn with_item(mut self, item: Item<'s>) -> Self {
        self.more.item = Some(item);
        // Many items may be looked at between two events: each has chances of its own.
        self.seed ^= u64::from(item.index).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self
    }

    /// Looks with it. The context object is made only if somebody asks for it.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Scope<'_>) -> T) -> T {
        let scope = Scope::new(self.entry.input.value(), self.seed)
            .with_context(self)
            .with_variables(self)
            .at(self.now)
            .handing_on(self.most);
        match self.notes {
            Some(notes) => look(&scope.recorded_by(notes)),
            None => look(&scope),
        }
    }
}

impl Context for Sight<'_> {
    fn object(&self) -> Node<'_> {
        if let Some(given) = self.notes.and_then(Notes::context) {
            return Node::Value(given);
        }
        let make = || context::context(self.run, self.frame, self.entry, self.more);
        Node::Parts(self.context.get_or_init(make))
    }
}

impl Variables for Sight<'_> {
    /// The innermost one of that name: a frame sees what the frames around it have set.
    fn variable(&self, name: &str) -> Option<&Value> {
        let mut frame = self.run.frame(self.frame)?;
        loop {
            if let Some(value) = frame.variables.get(name) {
                return Some(value.value());
            }
            frame = self.run.frame(frame.parent?.frame)?;
        }
    }
}
