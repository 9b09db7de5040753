//! Who may do what to a queue. Pure.
//!
//! The account that a queue is in may do everything that the queue's policy does not deny. Other accounts may do what
//! it allows. A service, such as the bus with an event for the queue, counts as the account in whose name it acts.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-overview-of-managing-access.html>

use trainyard_domain::{AccountId, Arn, Principal};

use super::{Error, Queue};
use crate::{
    identity::unique_id,
    policy::{Asker, Document, Request, Verdict},
};

/// Who asks for something of a queue.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Who.
    pub by: Asker<'a>,
    /// For a service: the thing in whose name it asks, such as a rule.
    pub source: Option<&'a Arn>,
}

impl<'a> Caller<'a> {
    /// A user, a role session or an account's root.
    pub fn principal(principal: &'a Principal) -> Self {
        Self { by: Asker::Principal(principal), source: None }
    }

    /// A service that acts for a thing of the user's.
    pub fn service(name: &'a str, source: &'a Arn) -> Self {
        Self { by: Asker::Service(name), source: Some(source) }
    }

    fn account(&self) -> Option<&str> {
        match self.by {
            Asker::Principal(principal) => Some(principal.account.as_str()),
            Asker::Service(_) => self.source.map(|source| source.account.as_str()),
        }
    }

    fn is_root(&self) -> bool {
        matches!(self.by, Asker::Principal(principal) if principal.role.is_none() && principal.arn.resource == "root")
    }

    /// What a message's `SenderId` says: a user's id, a role's with the session, or the service.
    pub(super) fn sender(&self) -> String {
        let principal = match self.by {
            Asker::Service(name) => return name.to_owned(),
            Asker::Principal(principal) => principal,
        };
        match &principal.role {
            None if self.is_root() => principal.account.to_string(),
            None => unique_id("AIDA", &principal.arn.to_string()),
            Some(role) => {
                let session = principal.arn.resource.rsplit('/').next().unwrap_or_default();
                format!("{}:{session}", unique_id("AROA", &role.to_string()))
            }
        }
    }
}

/// Refuses what the queue's policy does not let in.
pub(super) fn admit(
    queue: &Queue,
    policy: Option<&Document>,
    caller: &Caller<'_>,
    action: &str,
) -> Result<(), Error> {
    let owner: &AccountId = &queue.name.scope.account;
    let own = caller.account() == Some(owner.as_str());
    // The owner's root can always mend a policy that keeps everybody out.
    if own && (policy.is_none() || (caller.is_root() && action == "sqs:SetQueueAttributes")) {
        return Ok(());
    }
    let arn = queue.arn();
    let request = Request { by: caller.by, action, resource: &arn, source: caller.source, facts: &[] };
    match policy.map_or(Verdict::Silent, |policy| policy.judge(&request)) {
        Verdict::Allowed => Ok(()),
        Verdict::Silent if own => Ok(()),
        Verdict::Silent | Verdict::Denied => Err(Error::Denied(arn.to_string())),
    }
}
