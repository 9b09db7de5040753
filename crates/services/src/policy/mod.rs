//! Resource policies: who may do what to one thing, as the thing's own policy document says. Pure.
//!
//! Policies of identities are not evaluated here. What a document asks for and we cannot judge (an element or a
//! condition that is not known) is refused when the document is set, so that nothing is let in by mistake.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>

mod condition;
mod document;
mod glob;
#[cfg(test)]
mod tests;

use trainyard_domain::{Arn, Principal};

pub use document::{Document, Effect, Statement, Who};

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'a> {
    /// A user, a role session or an account's root.
    Principal(&'a Principal),
    /// A service of AWS, such as `events.amazonaws.com`.
    Service(&'a str),
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub by: Asker<'a>,
    /// In IAM's words: `sqs:SendMessage`.
    pub action: &'a str,
    /// The thing.
    pub resource: &'a Arn,
    /// The thing in whose name a service asks, such as a rule.
    pub source: Option<&'a Arn>,
    /// What the service itself knows of the request, by condition key in lower case: `events:source`.
    pub facts: &'a [(&'a str, &'a str)],
}

/// What a document says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it: nothing else can allow it.
    Denied,
    /// No statement speaks of it.
    Silent,
}

impl Document {
    /// What the document says of the request.
    pub fn judge(&self, request: &Request<'_>) -> Verdict {
        let mut verdict = Verdict::Silent;
        for statement in self.statements.iter().filter(|statement| statement.speaks_of(request)) {
            match statement.effect {
                Effect::Deny => return Verdict::Denied,
                Effect::Allow => verdict = Verdict::Allowed,
            }
        }
        verdict
    }
}

impl Statement {
    fn speaks_of(&self, request: &Request<'_>) -> bool {
        let resource = request.resource.to_string();
        let action = |pattern: &String| glob::matches_any_case(pattern, request.action);
        self.who.is(&request.by)
            && self.actions.iter().any(action) != self.actions_excepted
            && self.resources.iter().any(|pattern| glob::matches(pattern, &resource))
                != self.resources_excepted
            && self.conditions.iter().all(|condition| condition.holds(request))
    }
}

impl Who {
    fn is(&self, asker: &Asker<'_>) -> bool {
        match (self, asker) {
            (Self::Anybody, _) => true,
            (Self::These { arns, .. }, Asker::Principal(principal)) => {
                arns.iter().any(|named| is_named(named, principal))
            }
            (Self::These { services, .. }, Asker::Service(service)) => {
                services.iter().any(|named| named == service)
            }
        }
    }
}

/// `*`, an account (as its number or its root: everybody in it), a role (its sessions too), or a user.
fn is_named(named: &str, principal: &Principal) -> bool {
    if named == "*" || named == principal.account.as_str() {
        return true;
    }
    let Ok(arn) = named.parse::<Arn>() else { return false };
    if arn.service == "iam" && arn.resource == "root" {
        return arn.account == principal.account.as_str();
    }
    arn == principal.arn || principal.role.as_ref() == Some(&arn)
}
