//! A rule: which events (or which times) it waits for, and its targets. Pure.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope, Timestamp, event::DEFAULT_BUS};
use trainyard_store::{Keys, Noun};

use super::{Error, HttpParameters, shape::Shape};
use crate::{patience::Patience, violations::Violations};

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
    /// Whether it asks for CloudTrail's events of management too: `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
    #[serde(default)]
    pub management_events: bool,
    /// The service that made it for the account: nobody else changes it.
    #[serde(default)]
    pub managed_by: Option<String>,
    /// The id of the archive that keeps what it matches.
    #[serde(default)]
    pub archive: Option<String>,
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
    /// What AWS's model does not allow of its patience. `member` is the target's place in the request.
    /// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html>
    pub(super) fn check_patience(&self, member: &str, wrong: &mut Violations) {
        let Patience { retries, seconds } = self.patience;
        wrong.range(retries, &format!("{member}.retryPolicy.maximumRetryAttempts"), 0..=185);
        wrong.range(seconds, &format!("{member}.retryPolicy.maximumEventAgeInSeconds"), 60..=86_400);
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
    /// Whether it is made `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
    pub management_events: bool,
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
        let mut wrong = Violations::default();
        wrong.name(&self.name, "name", 64);
        wrong.optional(self.schedule.as_deref(), "scheduleExpression", 0, 256);
        wrong.optional(self.pattern.as_deref(), "eventPattern", 0, 4096);
        wrong.optional(self.description.as_deref(), "description", 0, 512);
        super::tags::violations(&self.tags, &mut wrong);
        wrong.finish().map_err(Error::Invalid)?;
        if self.pattern.is_none() && self.schedule.is_none() {
            let words = "Parameter(s) EventPattern or ScheduleExpression must be specified.";
            return Err(Error::Invalid(words.to_owned()));
        }
        if let Some(pattern) = &self.pattern {
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
        Ok(())
    }
}
