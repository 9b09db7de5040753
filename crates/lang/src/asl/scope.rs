//! What the expressions of one state see, and how much they may make.

use std::{cell::Cell, sync::LazyLock};

use serde_json::Value;

use super::{
    fault::Fault,
    jsonata::{Known, Outcome},
    parts::{Context, Node},
    path::{Budget, Found, Missing, Path, Root, VISITS},
};

/// How many bytes of memory the values that the expressions of one state make may take: generous beside the 256 KiB
/// of text that it may hand on.
const MAKING: usize = 24 * 1024 * 1024;
/// The same where more may be handed on, for each byte of it: a list of small numbers takes half of it once.
const MAKING_EACH: usize = 32;
/// How many bytes the result of one expression of JSONata may have.
const RESULT: usize = 1024 * 1024;
/// The same where more may be handed on, for each byte of it.
const RESULT_EACH: usize = 4;

/// Where the values of variables come from.
pub trait Variables {
    /// The variable's value, if it has one here.
    fn variable(&self, name: &str) -> Option<&Value>;
}

/// Somebody who wants to know what becomes of the data between a state's input and its output.
pub trait Recorder {
    /// The data as it is at that stage.
    fn record(&self, stage: Stage, value: &Value);
}

/// A stage of the data between a state's input and its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// After `InputPath`.
    AfterInputPath,
    /// After `Parameters`.
    AfterParameters,
    /// After `Arguments`.
    AfterArguments,
    /// After `ItemsPath`.
    AfterItemsPath,
    /// After `Items`.
    AfterItems,
    /// After `ItemSelector`, of one item.
    AfterItemSelector,
    /// What the state's work has given.
    Result,
    /// After `ResultSelector`.
    AfterResultSelector,
    /// After `ResultPath`.
    AfterResultPath,
}

impl Stage {
    /// The member of `inspectionData` that shows it.
    /// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_InspectionData.html>
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AfterInputPath => "afterInputPath",
            Self::AfterParameters => "afterParameters",
            Self::AfterArguments => "afterArguments",
            Self::AfterItemsPath => "afterItemsPath",
            Self::AfterItems => "afterItems",
            Self::AfterItemSelector => "afterItemSelector",
            Self::Result => "result",
            Self::AfterResultSelector => "afterResultSelector",
            Self::AfterResultPath => "afterResultPath",
        }
    }
}

/// The state's input, the context object, the variables, the time and the dice for one evaluation.
pub struct Scope<'v> {
    /// The state's input, as it came.
    pub(crate) input: &'v Value,
    context: Option<&'v dyn Context>,
    variables: Option<&'v dyn Variables>,
    recorder: Option<&'v dyn Recorder>,
    now: i64,
    dice: Cell<u64>,
    making: Cell<usize>,
    /// The most bytes of what one expression of JSONata gives.
    pub(crate) result: usize,
    visits: Cell<u32>,
    pub(crate) known: Known,
}

/// What one field of the state sees: the scope, what `$` means, and what the state's work has come to.
#[derive(Clone, Copy)]
pub(crate) struct View<'s> {
    pub(crate) scope: &'s Scope<'s>,
    /// `$` of JSONPath.
    pub(crate) dollar: &'s Value,
    /// `$states.result` and `$states.errorOutput` of JSONata.
    pub(crate) outcome: Option<&'s Outcome<'s>>,
}

impl<'v> Scope<'v> {
    /// A scope of a state with that input, whose random numbers all follow from `seed`.
    pub fn new(input: &'v Value, seed: u64) -> Self {
        Self {
            input,
            context: None,
            variables: None,
            recorder: None,
            now: 0,
            dice: Cell::new(seed),
            making: Cell::new(MAKING),
            result: RESULT,
            visits: Cell::new(VISITS),
            known: Known::default(),
        }
    }

    /// Where the context object comes from, when somebody looks.
    pub fn with_context(mut self, context: &'v dyn Context) -> Self {
        self.context = Some(context);
        self
    }

    /// The variables that the state sees.
    pub fn with_variables(mut self, variables: &'v dyn Variables) -> Self {
        self.variables = Some(variables);
        self
    }

    /// The time, in milliseconds since the epoch.
    pub fn at(mut self, now: i64) -> Self {
        self.now = now;
        self
    }

    /// How many bytes of text the state may hand on: where that is more than AWS takes, its expressions may make more.
    pub fn handing_on(mut self, most: usize) -> Self {
        self.making = Cell::new(MAKING.max(most.saturating_mul(MAKING_EACH)));
        self.result = RESULT.max(most.saturating_mul(RESULT_EACH));
        self
    }

    /// Who is told what becomes of the data.
    pub fn recorded_by(mut self, recorder: &'v dyn Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// The time, in milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// The context object.
    pub(crate) fn context(&self) -> Node<'_> {
        static NOTHING: LazyLock<Value> = LazyLock::new(|| Value::Object(serde_json::Map::new()));
        self.context.map_or_else(|| Node::Value(&NOTHING), |context| context.object())
    }

    /// The value of a variable, if it has one.
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.variables?.variable(name)
    }

    /// Tells the recorder, if there is one.
    pub fn record(&self, stage: Stage, value: &Value) {
        if let Some(recorder) = self.recorder {
            recorder.record(stage, value);
        }
    }

    /// The next random number: SplitMix64, the same for the same seed.
    pub fn roll(&self) -> u64 {
        let (state, number) = split_mix(self.dice.get());
        self.dice.set(state);
        number
    }

    /// Where the dice stand.
    pub(crate) fn dice(&self) -> u64 {
        self.dice.get()
    }

    pub(crate) fn set_dice(&self, dice: u64) {
        self.dice.set(dice);
    }

    /// Counts the value as made.
    pub(crate) fn spend(&self, value: &Value) -> Result<(), Fault> {
        let mut left = self.making.get();
        if !takes(value, &mut left) {
            return Err(Fault::too_large("The expressions of the state make too much data."));
        }
        self.making.set(left);
        Ok(())
    }

    /// A view in which `$` is `dollar`.
    pub(crate) fn view<'s>(&'s self, dollar: &'s Value) -> View<'s> {
        View { scope: self, dollar, outcome: None }
    }
}

impl<'s> View<'s> {
    /// Follows a path.
    pub(crate) fn look(self, path: &Path) -> Result<Found<'s>, Missing> {
        let root = match path.root() {
            Root::Input => Node::Value(self.dollar),
            Root::Context => self.scope.context(),
            Root::Variable(name) => {
                let value = self.scope.variable(name);
                Node::Value(value.ok_or_else(|| Missing::no_variable(path.text()))?)
            }
        };
        let mut budget = Budget(self.scope.visits.get());
        let found = path.find_within(&mut budget, root);
        self.scope.visits.set(budget.0);
        found
    }

    /// Follows a path and makes a value of what it finds.
    pub(crate) fn read(self, path: &Path) -> Result<Value, Missing> {
        let found = self.look(path)?;
        found.values().try_for_each(|value| self.scope.spend(value)).map_err(|_| Missing::TooMuch)?;
        Ok(found.into_value())
    }
}

/// One step of SplitMix64: the next state and the number.
pub(crate) fn split_mix(state: u64) -> (u64, u64) {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (state, z ^ (z >> 31))
}

/// Takes from `left` about what a value needs of memory. False if that is more, which is seen soon.
pub(crate) fn takes(value: &Value, left: &mut usize) -> bool {
    const VALUE: usize = size_of::<Value>();
    // Beside its value, each member has its name's own text and place, and a place in the table of names.
    const MEMBER: usize = size_of::<String>() + 3 * size_of::<usize>();
    let text = if let Value::String(text) = value { text.len() } else { 0 };
    let Some(rest) = left.checked_sub(VALUE + text) else { return false };
    *left = rest;
    match value {
        Value::Array(items) => items.iter().all(|item| takes(item, left)),
        Value::Object(members) => members.iter().all(|(name, member)| {
            let rest = left.checked_sub(MEMBER + name.len());
            rest.is_some_and(|rest| {
                *left = rest;
                takes(member, left)
            })
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}
