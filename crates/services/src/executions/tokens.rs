//! Task tokens: who has one may answer the task.

use trainyard_domain::{Arn, Failure, Principal};
use trainyard_engine::{Fact, Token};
use trainyard_store::{Changes, Expect};

use super::{
    Error, Executions,
    machines::named,
    names,
    pending::{OBSERVATIONS, Pending},
    task::Pattern,
    tell::{Extra, Told},
};
use crate::audit;

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
        let read = Token::read(token).ok_or(Error::InvalidToken)?;
        let execution: Arn = read.execution.parse().map_err(|_| Error::InvalidToken)?;
        if execution.account != by.account.as_str() {
            return Err(Error::InvalidToken);
        }
        let asked = self.asked_with(&execution, token, &read).await?;
        let (fact, action) = fact(token, answer, self.payload_limit)?;
        let mut told = Changes::new();
        if !matches!(fact, Fact::Heartbeat { .. }) {
            audit::note(&mut told, &self.ground, by, action, &execution)?;
            if asked == Asked::Job {
                // It is not looked at any more.
                told.delete::<Pending>("", token, Expect::Any).cancel(OBSERVATIONS, token);
            }
        }
        // The token was made before the event that tells of it.
        let extra = Extra { told, ..Extra::default() }.after(read.events + 1);
        match self.tell(&execution, &fact, extra).await? {
            Told::Heard => Ok(()),
            Told::Stale => Err(Error::TaskTimedOut),
        }
    }

    /// What the execution waits for with the token, which must be one of its own, whatever became of the task.
    async fn asked_with(&self, execution: &Arn, token: &str, read: &Token) -> Result<Asked, Error> {
        names::execution(&execution.to_string()).map_err(|_| Error::InvalidToken)?;
        let asked = self.look(execution, 0, |loaded| {
            let is_job = |resource| matches!(named(resource), Some((_, Pattern::Sync)));
            let is_job = loaded.run.called_with(token).is_some_and(is_job);
            loaded.run.made(read).then_some(if is_job { Asked::Job } else { Asked::Other })
        });
        match asked.await {
            Ok(None) | Err(Error::NoExecution(_)) => Err(Error::InvalidToken),
            Ok(Some(asked)) => Ok(asked),
            Err(error) => Err(error),
        }
    }
}

/// What an execution waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// A job that is looked at now and then.
    Job,
    /// Something else, or nothing any more.
    Other,
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
