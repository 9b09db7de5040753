//! `ScheduleV2` events of a state machine: schedules of EventBridge Scheduler that start it.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-statemachine-statemachineschedulev2.html>

use super::{events::unknown, make::Make, roles};
use crate::{
    source::{Cursor, Diagnostic, Node},
    template::Resource,
};

/// The schedule of an event with these properties and, unless it names one, the schedule's role.
pub(super) fn expand(
    schedule_id: &str,
    at: &Cursor<'_>,
    machine: &Resource,
    make: Make,
    found: &mut Vec<Diagnostic>,
) -> Vec<Resource> {
    check(at, found);
    let get = |key: &str| at.node.get(key).cloned();
    let letters = at.get("DeadLetterConfig").and_then(|letters| letters.node.get("Arn").cloned());
    let role = get("RoleArn").is_none();
    let role = role.then(|| roles::of_schedule(schedule_id, machine, make, letters.as_ref()));
    let target = make.map([
        ("Arn", Some(make.reference(&machine.logical_id))),
        ("RoleArn", get("RoleArn").or_else(|| Some(make.arn_of(&format!("{schedule_id}Role"))))),
        ("Input", get("Input")),
        ("DeadLetterConfig", get("DeadLetterConfig")),
        ("RetryPolicy", get("RetryPolicy")),
    ]);
    let properties = make.map([
        ("Name", name(schedule_id, at, make, found)),
        ("GroupName", get("GroupName")),
        ("Description", get("Description")),
        ("ScheduleExpression", get("ScheduleExpression")),
        ("ScheduleExpressionTimezone", get("ScheduleExpressionTimezone")),
        ("StartDate", get("StartDate")),
        ("EndDate", get("EndDate")),
        ("State", get("State")),
        ("KmsKeyArn", get("KmsKeyArn")),
        ("FlexibleTimeWindow", Some(get("FlexibleTimeWindow").unwrap_or_else(|| at_its_time(make)))),
        ("Target", Some(target)),
    ]);
    let schedule = Resource {
        logical_id: schedule_id.to_owned(),
        kind: "AWS::Scheduler::Schedule".to_owned(),
        properties,
        depends_on: Vec::new(),
        position: make.at,
    };
    [schedule].into_iter().chain(role).collect()
}

fn check(at: &Cursor<'_>, found: &mut Vec<Diagnostic>) {
    let known = [
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "FlexibleTimeWindow",
        "StartDate",
        "EndDate",
        "State",
        "Name",
        "OmitName",
        "GroupName",
        "Description",
        "Input",
        "RetryPolicy",
        "DeadLetterConfig",
        "RoleArn",
        "KmsKeyArn",
    ];
    found.extend(unknown(at, "an event of this type", &known));
    if at.get("ScheduleExpression").is_none() {
        found.push(at.error("the event has no `ScheduleExpression`"));
    }
    if let Some(letters) = at.get("DeadLetterConfig") {
        // SAM can also make a queue: here it is one that the template has.
        found.extend(unknown(&letters, "`DeadLetterConfig`", &["Arn"]));
        if letters.get("Arn").is_none() {
            found.push(letters.error("`DeadLetterConfig` has no `Arn`"));
        }
    }
}

/// Without a name it is the schedule's in the template, as with SAM; with `OmitName` it is made from the stack's.
fn name(schedule_id: &str, at: &Cursor<'_>, make: Make, found: &mut Vec<Diagnostic>) -> Option<Node> {
    let given = at.node.get("Name").cloned();
    if let Some(omit) = at.get("OmitName") {
        match omit.node.as_bool() {
            Some(true) if given.is_some() => {
                found.push(omit.key_error("`Name` cannot be given when `OmitName` is true"));
            }
            Some(true) => return None,
            Some(false) => {}
            None => {
                found.push(omit.error(format!("`OmitName` must be a boolean, not {}", omit.node.kind())));
            }
        }
    }
    given.or_else(|| Some(make.text(schedule_id)))
}

/// No flexible window.
fn at_its_time(make: Make) -> Node {
    make.map([("Mode", Some(make.text("OFF")))])
}
