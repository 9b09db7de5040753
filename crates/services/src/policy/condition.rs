//! The conditions of a statement that can be judged here.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use trainyard_domain::Arn;

use super::{Asker, Request, glob};

/// One operator on one key, with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    operator: Operator,
    /// A `…Not…` operator: none of the values may fit.
    negated: bool,
    /// `…IfExists`: holds where the request has no such key.
    if_exists: bool,
    key: Key,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equals,
    EqualsIgnoreCase,
    Like,
    Bool,
}

/// What a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    SourceArn,
    SourceAccount,
    PrincipalArn,
    PrincipalAccount,
    /// There are no organizations here, so nobody is in one.
    PrincipalOrganization,
    SecureTransport,
    /// One that the service itself knows.
    Fact(&'static str),
}

/// The keys of services that are known here, in lower case.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html>
const FACTS: [&str; 4] =
    ["events:source", "events:detail-type", "events:creatoraccount", "events:eventbusinvocation"];

impl Condition {
    /// Reads an operator with one of its keys, or says what is not known.
    pub(super) fn read(operator: &str, key: &str, values: Vec<String>) -> Result<Self, String> {
        let (stem, if_exists) = match operator.strip_suffix("IfExists") {
            Some(stem) => (stem, true),
            None => (operator, false),
        };
        // ArnEquals and ArnLike are the same: both compare with wildcards.
        let (operator, negated) = match stem {
            "StringEquals" => (Operator::Equals, false),
            "StringNotEquals" => (Operator::Equals, true),
            "StringEqualsIgnoreCase" => (Operator::EqualsIgnoreCase, false),
            "StringNotEqualsIgnoreCase" => (Operator::EqualsIgnoreCase, true),
            "StringLike" | "ArnLike" | "ArnEquals" => (Operator::Like, false),
            "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => (Operator::Like, true),
            "Bool" => (Operator::Bool, false),
            _ => return Err(format!("the condition operator `{operator}` is not supported here")),
        };
        let key = match key.to_ascii_lowercase().as_str() {
            "aws:sourcearn" => Key::SourceArn,
            "aws:sourceaccount" => Key::SourceAccount,
            "aws:principalarn" => Key::PrincipalArn,
            "aws:principalaccount" => Key::PrincipalAccount,
            "aws:principalorgid" => Key::PrincipalOrganization,
            "aws:securetransport" => Key::SecureTransport,
            other => match FACTS.iter().find(|fact| **fact == other) {
                Some(fact) => Key::Fact(fact),
                None => return Err(format!("the condition key `{key}` is not supported here")),
            },
        };
        Ok(Self { operator, negated, if_exists, key, values })
    }

    pub(super) fn holds(&self, request: &Request<'_>) -> bool {
        let Some(found) = self.key.of(request) else {
            // A negated operator holds where there is nothing to compare, as AWS has it.
            return self.if_exists || self.negated;
        };
        let fits = |value: &String| match self.operator {
            Operator::Equals => *value == found,
            Operator::EqualsIgnoreCase | Operator::Bool => value.eq_ignore_ascii_case(&found),
            Operator::Like => glob::matches(value, &found),
        };
        self.values.iter().any(fits) != self.negated
    }
}

impl Key {
    fn of(self, request: &Request<'_>) -> Option<String> {
        let principal = match request.by {
            Asker::Principal(principal) => Some(principal),
            Asker::Service(_) => None,
        };
        match self {
            Self::SourceArn => request.source.map(Arn::to_string),
            Self::SourceAccount => request.source.map(|source| source.account.clone()),
            Self::PrincipalArn => principal.map(|by| by.role.as_ref().unwrap_or(&by.arn).to_string()),
            Self::PrincipalAccount => principal.map(|by| by.account.to_string()),
            Self::PrincipalOrganization => None,
            Self::Fact(key) => {
                request.facts.iter().find(|(known, _)| *known == key).map(|(_, value)| (*value).to_owned())
            }
            // Whoever is on this machine or behind its TLS counts as safe; others do not get here.
            Self::SecureTransport => Some("true".to_owned()),
        }
    }
}
