//! Task tokens: who has one may answer the task.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Failure, Principal};
use trainyard_engine::Fact;
use trainyard_store::{Changes, Expect, Keys, Noun};

use super::{
    Error, Executions,
    pending::{OBSERVATIONS, Pending},
    tell::{Extra, Told},
};
use crate::audit;

/// Which execution a task token is of. It stays when the task has ended: then the answer is that it has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) token: String,
    pub(super) execution: Arn,
    /// How many events the history had when the task was decided.
    #[serde(default)]
    pub(super) events: u64,
}

impl Noun for Token {
    const KIND: &'static str = "task-token";

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        self.token.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

/// What somebody says of a task by its token.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It ended well; the output is JSON text.
    Success(String),
    /// It ended badly.
    Failure {
        /// The failure's name.
        error: Option<String>,
        /// Why.
        cause: Option<String>,
    },
    /// It is alive.
    Heartbeat,
}

const LONGEST_TOKEN: usize = 2048;

impl Executions {
    /// Answers the task of the token, which must be of the answerer's own account. A second answer, or one that comes
    /// too late, is [`Error::TaskTimedOut`].
    pub async fn answer(&self, by: &Principal, token: &str, answer: Answer) -> Result<(), Error> {
        if token.is_empty() || token.len() > LONGEST_TOKEN || token.contains('\0') {
            return Err(Error::InvalidToken);
        }
        let held = self.ground.store.get::<Token>("", token).await?;
        let known = held.map(|held| held.value).filter(|of| of.execution.account == by.account.as_str());
        let Token { execution, events, .. } = known.ok_or(Error::InvalidToken)?;
        let (fact, action) = fact(token, answer, self.payload_limit)?;
        let mut told = Changes::new();
        if !matches!(fact, Fact::Heartbeat { .. }) {
            audit::note(&mut told, &self.ground, by, action, &execution)?;
            // A `.sync` task that is answered by its token is not looked at any more.
            told.delete::<Pending>("", token, Expect::Any).cancel(OBSERVATIONS, token);
        }
        match self.tell(&execution, &fact, Extra { told, events, ..Extra::default() }).await? {
            Told::Heard => Ok(()),
            Told::Stale => Err(Error::TaskTimedOut),
        }
    }
}

/// What the answer says; an output may have so many bytes at most.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
fn fact(token: &str, answer: Answer, most: usize) -> Result<(Fact, &'static str), Error> {
    let token = token.to_owned();
    Ok(match answer {
        Answer::Success(output) => {
            if output.len() > most {
                return Err(Error::InvalidOutput(format!("the output has more than {most} bytes")));
            }
            let output = serde_json::from_str(&output).map_err(|e| Error::InvalidOutput(e.to_string()))?;
            (Fact::TaskSucceeded { token, output }, "states:SendTaskSuccess")
        }
        Answer::Failure { error, cause } => {
            let failure = Failure::new(error.unwrap_or_default(), cause.unwrap_or_default());
            (Fact::TaskFailed { token, failure }, "states:SendTaskFailure")
        }
        Answer::Heartbeat => (Fact::Heartbeat { token }, "states:SendTaskHeartbeat"),
    })
}
