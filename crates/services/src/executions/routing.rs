//! Which version an alias sends an execution to. Pure.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachineAlias.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Scope;

use super::{
    Error,
    names::{self, Qualified, Qualifier},
};

/// A version and how many of a hundred executions go there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The version's number.
    pub version: u64,
    /// 0 to 100.
    pub weight: u32,
}

/// A route as it is asked for: the version's ARN and its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteSpec {
    /// The version's ARN.
    pub version: String,
    /// 0 to 100.
    pub weight: u32,
}

/// A checked routing: whose versions, and where executions go.
#[derive(Debug, PartialEq)]
pub(super) struct Routing {
    pub(super) scope: Scope,
    pub(super) machine: String,
    pub(super) routes: Vec<Route>,
}

const MOST: usize = 2;

/// Checks what is asked for: one or two versions of one state machine, with weights that are a hundred together.
pub(super) fn check(asked: &[RouteSpec]) -> Result<Routing, Error> {
    check_sizes(asked)?;
    let arns = || asked.iter().map(|route| route.version.as_str()).collect::<Vec<_>>().join(", ");
    let refuse = |why: String| Err(Error::Invalid(why));
    let mut found: Option<Routing> = None;
    for RouteSpec { version, weight } in asked {
        let Qualified { scope, machine, qualifier } = names::qualified(version)?;
        let Some(Qualifier::Version(number)) = qualifier else {
            return refuse(format!(
                "Routing configuration must contain state machine version ARNs. Received: [{}]",
                arns()
            ));
        };
        let route = Route { version: number, weight: *weight };
        match &mut found {
            None => found = Some(Routing { scope, machine, routes: vec![route] }),
            Some(first) if (&first.scope, &first.machine) != (&scope, &machine) => {
                return refuse(format!(
                    "Routing configuration must contain versions of the same state machine. Received: [{}]",
                    arns()
                ));
            }
            Some(first) if first.routes.iter().any(|other| other.version == number) => {
                return refuse(format!(
                    "Routing configuration must contain distinct state machine version ARNs. Received: [{}]",
                    arns()
                ));
            }
            Some(first) => first.routes.push(route),
        }
    }
    let weights: Vec<String> = asked.iter().map(|route| route.weight.to_string()).collect();
    if asked.iter().map(|route| route.weight).sum::<u32>() != 100 {
        return refuse(format!(
            "Sum of routing configuration weights must equal 100. Received: [{}]",
            weights.join(", ")
        ));
    }
    found.ok_or_else(|| sizes("[]", "greater than or equal to 1"))
}

fn check_sizes(asked: &[RouteSpec]) -> Result<(), Error> {
    if !(1..=MOST).contains(&asked.len()) {
        let items: Vec<String> = asked
            .iter()
            .map(|RouteSpec { version, weight }| {
                format!("RoutingConfigurationListItem(stateMachineVersionArn={version}, weight={weight})")
            })
            .collect();
        let bound = if asked.is_empty() { "greater than or equal to 1" } else { "less than or equal to 2" };
        return Err(sizes(&format!("[{}]", items.join(", ")), bound));
    }
    match asked.iter().enumerate().find(|(_, route)| route.weight > 100) {
        None => Ok(()),
        Some((at, RouteSpec { weight, .. })) => Err(Error::Invalid(format!(
            "1 validation error detected: Value '{weight}' at 'routingConfiguration.{}.member.weight' failed to satisfy constraint: Member must have value less than or equal to 100",
            at + 1
        ))),
    }
}

fn sizes(value: &str, bound: &str) -> Error {
    Error::Invalid(format!(
        "1 validation error detected: Value '{value}' at 'routingConfiguration' failed to satisfy constraint: Member must have length {bound}"
    ))
}

/// The version that an execution goes to; `dice` is any number, all equally likely.
pub(super) fn choose(routes: &[Route], dice: u64) -> Option<u64> {
    let total: u64 = routes.iter().map(|route| u64::from(route.weight)).sum();
    let mut left = dice.checked_rem(total)?;
    for route in routes {
        let weight = u64::from(route.weight);
        if left < weight {
            return Some(route.version);
        }
        left -= weight;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:sort";

    #[track_caller]
    fn refused(asked: &[(&str, u32)], expect: &str) {
        let asked: Vec<RouteSpec> = asked
            .iter()
            .map(|(suffix, weight)| RouteSpec { version: format!("{MACHINE}{suffix}"), weight: *weight })
            .collect();
        let why = check(&asked).unwrap_err().to_string();
        assert!(why.contains(expect), "{why}");
    }

    #[test]
    fn routings_are_checked() {
        refused(&[], "greater than or equal to 1");
        refused(&[(":1", 40), (":2", 40), (":3", 20)], "weight=20)]' at 'routingConfiguration'");
        refused(&[(":1", 0), (":2", 107)], "Value '107' at 'routingConfiguration.2.member.weight'");
        refused(&[("", 100)], "must contain state machine version ARNs");
        refused(&[(":LIVE", 100)], "must contain state machine version ARNs");
        refused(&[(":7", 60), (":7", 40)], "distinct state machine version ARNs");
        refused(&[(":7", 60), ("2:8", 40)], "the same state machine");
        refused(&[(":7", 60), (":8", 41)], "must equal 100. Received: [60, 41]");
    }

    #[test]
    fn executions_go_by_weight() {
        let routes = [Route { version: 3, weight: 0 }, Route { version: 4, weight: 30 }];
        let routes: Vec<Route> = routes.into_iter().chain([Route { version: 5, weight: 70 }]).collect();
        let of = |version| (0..1000).filter(|dice| choose(&routes, *dice) == Some(version)).count();
        assert_eq!((of(3), of(4), of(5)), (0, 300, 700));
        assert_eq!(choose(&[], 1), None);
    }
}
