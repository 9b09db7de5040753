//! Trying one state without a state machine: with a mock of what it calls, or with the call itself, made once.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html>
//!
//! What happens is the engine's [`Trial`]; here it is read what to try, and shown what came of it. Nothing is stored.

mod call;
mod context;
mod decide;
mod definition;
mod iterations;
mod mock;
mod shown;
mod spelling;

use trainyard_domain::{Arn, Failure, Principal, Scope};
use trainyard_engine::{Moment, PAYLOAD_LIMIT, Payload, Start, Wanted};
pub use trainyard_lang::catalog::Rigour;

pub use self::shown::{ErrorDetails, Inspection, Tested};
use super::{Error, Executions, names};

/// What to try, and with what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestSpec {
    /// The definition of the state or, if `state` says which one, of a state machine.
    pub definition: String,
    /// The state's name in the state machine.
    pub state: Option<String>,
    /// The role in which a task is called. It is needed only for that.
    pub role: Option<String>,
    /// The input, as JSON text; `{}` where none is given.
    pub input: Option<String>,
    /// The variables, as the text of an object.
    pub variables: Option<String>,
    /// What stands in place of the context object, as the text of an object.
    pub context: Option<String>,
    /// What the state's work seems to come to.
    pub mock: Option<Mock>,
    /// What seems to have happened before and inside.
    pub configuration: Configuration,
    /// Whether what is secret is shown of what goes over the wire.
    pub reveal: bool,
}

/// What a state's work seems to come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mock {
    /// The result, as JSON text.
    pub result: Option<String>,
    /// The failure.
    pub failure: Option<MockFailure>,
    /// How much the result must look like an answer of what is called.
    pub rigour: Rigour,
}

/// A failure that a mock gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MockFailure {
    /// Its name.
    pub error: Option<String>,
    /// Why.
    pub cause: Option<String>,
}

/// `stateConfiguration`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configuration {
    /// How often the retrier that is for the failure has had it tried again.
    pub retries: Option<u32>,
    /// The state inside a Map or a Parallel that the failure comes from.
    pub error_caused_by: Option<String>,
    /// How many iterations of a Map have failed.
    pub failed_iterations: Option<u64>,
    /// What the reader of a Map has read.
    pub reader_data: Option<String>,
}

impl Executions {
    /// Tries one state.
    pub async fn test_state(&self, scope: &Scope, by: &Principal, spec: TestSpec) -> Result<Tested, Error> {
        let state = self.tried_state(&spec)?;
        let mock = mock::read(&spec, &state)?;
        let role = spec.role.as_deref().map(|role| names::role(scope, role)).transpose()?;
        let start = self.seeming_start(scope, role.as_ref(), &spec)?;
        let execution = start.execution_arn.clone();
        // What is tried here is to be the same at AWS.
        let at = Moment { payload_limit: PAYLOAD_LIMIT, ..self.moment()? };
        let mut trying = decide::begin(&spec, state, start, at)?;
        let mut exchange = None;
        let answer = match (trying.trial.wanted(), mock) {
            (Wanted::Nothing, _) => None,
            (_, Some(mock)) => Some(decide::mocked(&trying, &spec, mock)),
            (Wanted::Task(call), None) => {
                let role = role.ok_or_else(|| Error::Invalid(NO_ROLE.to_owned()))?;
                let called = self.call_once(&call, (scope, by, &role), (&execution, spec.reveal)).await?;
                exchange = called.exchange;
                Some(called.answer)
            }
            // Refused before: nobody else answers for branches.
            (Wanted::Branches(_) | Wanted::Iterations, None) => {
                Some(Err(Failure::new("States.Runtime", "There is no mock.")))
            }
        };
        if let Some(answer) = answer {
            trying.trial.answer(answer);
        }
        let tested = decide::end(&trying, &spec)?;
        Ok(Tested { exchange, ..tested })
    }

    /// An express execution of a state machine that is nowhere.
    fn seeming_start(&self, scope: &Scope, role: Option<&Arn>, spec: &TestSpec) -> Result<Start, Error> {
        let input = decide::within("input", spec.input.as_deref().unwrap_or("{}"))?;
        let input = Payload::parse(input).map_err(|error| Error::InvalidInput(error.to_string()))?;
        let (machine, name) = (self.ground.uuid(), self.ground.uuid());
        Ok(Start {
            execution_arn: Arn::new("states", scope, format!("express:{machine}:{name}")).to_string(),
            name,
            role_arn: role.map(ToString::to_string).unwrap_or_default(),
            start_time: self.ground.now(),
            input,
            machine_arn: names::machine_arn(scope, &machine).to_string(),
            machine_name: machine,
            redrive_count: None,
            redrive_time: None,
        })
    }
}

const NO_ROLE: &str = "roleArn must be specified when a Task state is tested without a mock";
