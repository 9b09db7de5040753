//! `Events` of a state machine: rules and schedules that start it.

use super::{make::Make, roles, schedules};
use crate::{
    source::{Content, Cursor, Diagnostic, Node},
    template::Resource,
};

/// The rule or schedule of an event and, unless it names one, its role.
pub(super) fn expand(
    event: &str,
    at: &Cursor<'_>,
    machine: &Resource,
) -> Result<Vec<Resource>, Vec<Diagnostic>> {
    let make = Make { at: at.named_at };
    let rule_id = format!("{}{event}", machine.logical_id);
    let mut found = unknown(at, "an event", &["Type", "Properties"]);
    let properties = at.get("Properties");
    let kind = at.get("Type");
    let rule = match (kind.as_ref().and_then(|kind| kind.node.as_text()), &properties) {
        (Some("EventBridgeRule" | "CloudWatchEvent"), Some(properties)) => {
            Rule::of_pattern(properties, &mut found)
        }
        (Some("Schedule"), Some(properties)) => Rule::of_schedule(properties, make, &mut found),
        (Some("ScheduleV2"), Some(properties)) => {
            let schedule = schedules::expand(&rule_id, properties, machine, make, &mut found);
            return if found.is_empty() { Ok(schedule) } else { Err(found) };
        }
        (Some(_), None) => {
            found.push(at.key_error(format!("the event `{event}` has no `Properties`")));
            return Err(found);
        }
        (Some(kind), _) => {
            found.push(at.key_error(format!(
                "the event `{event}` has the type `{kind}`, which is not supported, only EventBridgeRule, CloudWatchEvent, Schedule and ScheduleV2 are"
            )));
            return Err(found);
        }
        (None, _) => {
            found.push(at.key_error(format!("the event `{event}` has no `Type`")));
            return Err(found);
        }
    };
    if !found.is_empty() {
        return Err(found);
    }
    let role = rule.role.is_none().then(|| roles::of_rule(&rule_id, machine, make));
    let properties = rule.properties(&rule_id, machine, make);
    let kind = "AWS::Events::Rule".to_owned();
    let rule =
        Resource { logical_id: rule_id, kind, properties, depends_on: Vec::new(), position: at.named_at };
    Ok([rule].into_iter().chain(role).collect())
}

/// The parts of a rule that an event says.
struct Rule {
    name: Option<Node>,
    description: Option<Node>,
    bus: Option<Node>,
    pattern: Option<Node>,
    schedule: Option<Node>,
    state: Option<Node>,
    target_id: Option<Node>,
    role: Option<Node>,
    input: Option<Node>,
    input_path: Option<Node>,
    input_transformer: Option<Node>,
    retry_policy: Option<Node>,
}

impl Rule {
    fn of_pattern(at: &Cursor<'_>, found: &mut Vec<Diagnostic>) -> Self {
        let known = [
            "Pattern",
            "EventBusName",
            "RuleName",
            "State",
            "Input",
            "InputPath",
            "InputTransformer",
            "RetryPolicy",
            "Target",
        ];
        found.extend(unknown(at, "an event of this type", &known));
        if at.get("Pattern").is_none() {
            found.push(at.error("the event has no `Pattern`"));
        }
        let mut rule = Self::of_both(at);
        rule.name = property(at, "RuleName");
        rule.bus = property(at, "EventBusName");
        rule.pattern = property(at, "Pattern");
        rule.input_path = property(at, "InputPath");
        rule.input_transformer = property(at, "InputTransformer");
        rule
    }

    fn of_schedule(at: &Cursor<'_>, make: Make, found: &mut Vec<Diagnostic>) -> Self {
        let known = [
            "Schedule",
            "Name",
            "Description",
            "Enabled",
            "State",
            "Input",
            "RetryPolicy",
            "RoleArn",
            "Target",
        ];
        found.extend(unknown(at, "an event of this type", &known));
        if at.get("Schedule").is_none() {
            found.push(at.error("the event has no `Schedule`"));
        }
        let mut rule = Self::of_both(at);
        rule.name = property(at, "Name");
        rule.description = property(at, "Description");
        rule.schedule = property(at, "Schedule");
        rule.role = property(at, "RoleArn");
        if let Some(enabled) = at.get("Enabled") {
            match enabled.node.as_bool() {
                Some(_) if rule.state.is_some() => {
                    found.push(enabled.key_error("`Enabled` and `State` cannot both be given"));
                }
                Some(enabled) => rule.state = Some(make.text(if enabled { "ENABLED" } else { "DISABLED" })),
                None => found
                    .push(enabled.error(format!("`Enabled` must be a boolean, not {}", enabled.node.kind()))),
            }
        }
        rule
    }

    fn of_both(at: &Cursor<'_>) -> Self {
        Self {
            name: None,
            description: None,
            bus: None,
            pattern: None,
            schedule: None,
            state: property(at, "State"),
            target_id: at.get("Target").and_then(|target| property(&target, "Id")),
            role: None,
            input: property(at, "Input"),
            input_path: None,
            input_transformer: None,
            retry_policy: property(at, "RetryPolicy"),
        }
    }

    /// As `AWS::Events::Rule` has them.
    fn properties(self, rule_id: &str, machine: &Resource, make: Make) -> Node {
        let target_id = self.target_id.unwrap_or_else(|| make.text(&format!("{rule_id}StepFunctionsTarget")));
        let target = make.map([
            ("Arn", Some(make.reference(&machine.logical_id))),
            ("Id", Some(target_id)),
            ("RoleArn", Some(self.role.unwrap_or_else(|| make.arn_of(&format!("{rule_id}Role"))))),
            ("Input", self.input),
            ("InputPath", self.input_path),
            ("InputTransformer", self.input_transformer),
            ("RetryPolicy", self.retry_policy),
        ]);
        make.map([
            ("Name", self.name),
            ("Description", self.description),
            ("EventBusName", self.bus),
            ("EventPattern", self.pattern),
            ("ScheduleExpression", self.schedule),
            ("State", self.state),
            ("Targets", Some(make.list(vec![target]))),
        ])
    }
}

fn property(at: &Cursor<'_>, key: &str) -> Option<Node> {
    at.node.get(key).cloned()
}

/// A finding for every key that is not `known`.
pub(super) fn unknown(at: &Cursor<'_>, what: &str, known: &[&str]) -> Vec<Diagnostic> {
    if !matches!(at.node.content, Content::Map(_)) {
        return vec![at.error(format!("{what} must be a map, not {}", at.node.kind()))];
    }
    let refused = at.entries().filter(|(key, _)| !known.contains(key));
    refused
        .map(|(key, at)| {
            at.key_error(format!("`{key}` of {what} is not supported, only {} are", known.join(", ")))
        })
        .collect()
}
