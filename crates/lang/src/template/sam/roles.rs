//! The roles that SAM makes.

use super::make::Make;
use crate::{
    source::{Content, Cursor, Diagnostic, Node},
    template::{Resource, single},
};

/// The role of a state machine: `Policies` and who may take it.
pub(super) fn of_machine(
    machine: &Resource,
    make: Make,
    tags: &Node,
    found: &mut Vec<Diagnostic>,
) -> Resource {
    let logical_id = format!("{}Role", machine.logical_id);
    let (mut managed, mut inline) = (Vec::new(), Vec::new());
    if let Some(policies) = machine.cursor().get("Policies") {
        for (index, policy) in each(&policies).into_iter().enumerate() {
            match read(&policy) {
                Ok(Policy::Managed(arn)) => managed.push(arn),
                Ok(Policy::Inline(document)) => {
                    let name = format!("{logical_id}Policy{index}");
                    inline.push(
                        make.map([
                            ("PolicyName", Some(make.text(&name))),
                            ("PolicyDocument", Some(document)),
                        ]),
                    );
                }
                Err(wrong) => found.push(wrong),
            }
        }
    }
    let some = |items: Vec<Node>| (!items.is_empty()).then(|| make.list(items));
    let properties = make.map([
        ("AssumeRolePolicyDocument", Some(trust(make, "states.amazonaws.com"))),
        ("ManagedPolicyArns", some(managed)),
        ("Policies", some(inline)),
        ("Tags", Some(tags.clone())),
    ]);
    role(logical_id, machine, properties)
}

/// The role by which a rule starts a state machine.
pub(super) fn of_rule(rule: &str, machine: &Resource, make: Make) -> Resource {
    let logical_id = format!("{rule}Role");
    let policies = vec![starts(&logical_id, machine, make)];
    of_service("events.amazonaws.com", logical_id, (machine, make), policies)
}

/// The role by which a schedule starts a state machine, and sends what it cannot to its dead letters.
pub(super) fn of_schedule(
    schedule: &str,
    machine: &Resource,
    make: Make,
    letters: Option<&Node>,
) -> Resource {
    let mut policies = vec![starts(schedule, machine, make)];
    if let Some(queue) = letters {
        let name = format!("{schedule}SQSPolicy");
        policies.push(allows(make, &name, "sqs:SendMessage", queue.clone()));
    }
    of_service("scheduler.amazonaws.com", format!("{schedule}Role"), (machine, make), policies)
}

fn of_service(
    service: &str,
    logical_id: String,
    (machine, make): (&Resource, Make),
    policies: Vec<Node>,
) -> Resource {
    let properties = make.map([
        ("AssumeRolePolicyDocument", Some(trust(make, service))),
        ("Policies", Some(make.list(policies))),
    ]);
    role(logical_id, machine, properties)
}

/// A policy that lets the state machine be started.
fn starts(name: &str, machine: &Resource, make: Make) -> Node {
    let name = format!("{name}StartExecutionPolicy");
    allows(make, &name, "states:StartExecution", make.reference(&machine.logical_id))
}

/// A policy of one statement.
fn allows(make: Make, name: &str, action: &str, resource: Node) -> Node {
    let statement = make.map([
        ("Action", Some(make.text(action))),
        ("Effect", Some(make.text("Allow"))),
        ("Resource", Some(resource)),
    ]);
    // Without a `Version`, as SAM has it.
    let document = make.map([("Statement", Some(make.list(vec![statement])))]);
    make.map([("PolicyName", Some(make.text(name))), ("PolicyDocument", Some(document))])
}

fn role(logical_id: String, origin: &Resource, properties: Node) -> Resource {
    let kind = "AWS::IAM::Role".to_owned();
    Resource { logical_id, kind, properties, depends_on: Vec::new(), position: origin.position }
}

fn trust(make: Make, service: &str) -> Node {
    let statement = make.map([
        ("Action", Some(make.list(vec![make.text("sts:AssumeRole")]))),
        ("Effect", Some(make.text("Allow"))),
        ("Principal", Some(make.map([("Service", Some(make.list(vec![make.text(service)])))]))),
    ]);
    make.map([("Version", Some(make.text("2012-10-17"))), ("Statement", Some(make.list(vec![statement])))])
}

enum Policy {
    Managed(Node),
    Inline(Node),
}

fn each<'a>(policies: &Cursor<'a>) -> Vec<Cursor<'a>> {
    match policies.node.content {
        Content::List(_) => policies.items().collect(),
        _ => vec![policies.clone()],
    }
}

/// An ARN, the name of one of AWS's managed policies, a reference, or a whole policy document.
fn read(at: &Cursor<'_>) -> Result<Policy, Diagnostic> {
    let make = Make { at: at.node.start };
    match &at.node.content {
        Content::Text(name) if name.starts_with("arn:") => Ok(Policy::Managed(at.node.clone())),
        Content::Text(name) => Ok(Policy::Managed(make.text(&format!("arn:aws:iam::aws:policy/{name}")))),
        Content::Map(_) if at.node.get("Statement").is_some() => Ok(Policy::Inline(at.node.clone())),
        Content::Map(_) => match single(at.node) {
            Some(("Ref" | "Fn::Sub" | "Fn::GetAtt" | "Fn::Join", _)) => Ok(Policy::Managed(at.node.clone())),
            Some((template, _)) => Err(at.error(format!(
                "the SAM policy template `{template}` is not supported, write a policy with a `Statement`"
            ))),
            None => Err(at.error("a policy must have a `Statement`")),
        },
        _ => Err(at.error(format!("a policy must be a name, an ARN or a document, not {}", at.node.kind()))),
    }
}
