//! A rule: which events (or which times) it waits for, and its targets. Pure.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope, Timestamp, event::DEFAULT_BUS};
use trainyard_store::{Keys, Noun};

use super::{Error, HttpParameters, error::constraint, shape::Shape};
use crate::patience::Patience;

/// A rule with its targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Where.
    pub scope: Scope,
    /// The bus it listens to.
    pub bus: String,
    /// Its name, unique on the bus.
    pub name: String,
    /// The event pattern, as the user wrote it.
    #[serde(default)]
    pub pattern: Option<String>,
    /// The schedule, as the user wrote it.
    #[serde(default)]
    pub schedule: Option<String>,
    /// Whether it is `ENABLED`.
    pub enabled: bool,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// A role of the rule's own.
    #[serde(default)]
    pub role: Option<Arn>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<(String, String)>,
    /// Who is told.
    #[serde(default)]
    pub targets: Vec<RuleTarget>,
    /// Since when its schedule counts.
    pub since: Timestamp,
}

/// One target of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleTarget {
    /// Unique in the rule.
    pub id: String,
    /// What is told.
    pub arn: Arn,
    /// As whom.
    #[serde(default)]
    pub role: Option<Arn>,
    /// The message group, for a queue that keeps order.
    #[serde(default)]
    pub group: Option<String>,
    /// What it is given.
    pub shape: Shape,
    /// How often and how long a delivery is tried.
    #[serde(default)]
    pub patience: Patience,
    /// The queue for events that did not reach it.
    #[serde(default)]
    pub letters: Option<Arn>,
    /// What it adds to an HTTP request.
    #[serde(default)]
    pub http: Option<HttpParameters>,
}

impl RuleTarget {
    /// Refuses a patience that AWS's model does not allow.
    /// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html>
    pub(super) fn check_patience(&self) -> Result<(), Error> {
        let Patience { retries, seconds } = self.patience;
        let bounds =
            [("maximumRetryAttempts", retries, 0, 185), ("maximumEventAgeInSeconds", seconds, 60, 86_400)];
        for (member, value, least, most) in bounds {
            let rule = match value {
                value if value < least => format!("have value greater than or equal to {least}"),
                value if value > most => format!("have value less than or equal to {most}"),
                _ => continue,
            };
            return Err(constraint(
                &value.to_string(),
                &format!("targets.member.retryPolicy.{member}"),
                &rule,
            ));
        }
        Ok(())
    }
}

impl Rule {
    /// Its ARN; the default bus is not named in it.
    pub fn arn(&self) -> Arn {
        arn(&self.scope, &self.bus, &self.name)
    }
}

/// The ARN of the rule of that name.
pub fn arn(scope: &Scope, bus: &str, name: &str) -> Arn {
    let path = if bus == DEFAULT_BUS { format!("rule/{name}") } else { format!("rule/{bus}/{name}") };
    Arn::new("events", scope, path)
}

/// The id of the rule's document: rule names have no slash.
pub(super) fn id(bus: &str, name: &str) -> String {
    format!("{bus}/{name}")
}

impl Noun for Rule {
    const KIND: &'static str = "rule";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        id(&self.bus, &self.name)
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("bus", self.bus.clone());
        for target in &self.targets {
            keys.add("target", target.arn.to_string());
        }
    }
}

/// What a rule is made or replaced with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSpec {
    /// Its name.
    pub name: String,
    /// The bus, by name or ARN; none means the default one.
    pub bus: Option<String>,
    /// The event pattern.
    pub pattern: Option<String>,
    /// The schedule.
    pub schedule: Option<String>,
    /// Whether it is made `DISABLED`.
    pub disabled: bool,
    /// What it is for.
    pub description: Option<String>,
    /// A role of the rule's own.
    pub role: Option<String>,
    /// Tags: they count when the rule is made and not when it is replaced.
    pub tags: Vec<(String, String)>,
}

impl RuleSpec {
    /// Checks all that can be said without knowing what else there is.
    pub fn check(&self, bus: &str) -> Result<(), Error> {
        legal_name(&self.name, "name")?;
        if self.pattern.is_none() && self.schedule.is_none() {
            let words = "Parameter(s) EventPattern or ScheduleExpression must be specified.";
            return Err(Error::Invalid(words.to_owned()));
        }
        if let Some(pattern) = &self.pattern {
            if pattern.len() > 4096 {
                return Err(constraint(
                    "<pattern>",
                    "eventPattern",
                    "have length less than or equal to 4096",
                ));
            }
            super::matching::compile(pattern).map_err(Error::Pattern)?;
        }
        if let Some(schedule) = &self.schedule {
            if bus != DEFAULT_BUS {
                let words = "ScheduleExpression is supported only on the default event bus.";
                return Err(Error::Invalid(words.to_owned()));
            }
            // AWS's words alone: clients know them. Whoever deploys a template is told the reason.
            super::schedule::read(schedule)
                .map_err(|_| Error::Invalid(trainyard_lang::schedule::AWS_MESSAGE.to_owned()))?;
        }
        if self.description.as_ref().is_some_and(|text| text.chars().count() > 512) {
            return Err(constraint("<description>", "description", "have length less than or equal to 512"));
        }
        Ok(())
    }
}

/// The rules for the names of rules and targets.
pub(super) fn legal_name(name: &str, member: &str) -> Result<(), Error> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
    if name.is_empty() {
        return Err(constraint(name, member, "have length greater than or equal to 1"));
    }
    if name.len() > 64 {
        return Err(constraint(name, member, "have length less than or equal to 64"));
    }
    if !name.bytes().all(legal) {
        return Err(constraint(name, member, "satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+"));
    }
    Ok(())
}
