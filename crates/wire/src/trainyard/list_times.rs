//! When schedules, and rules that have a schedule, are due next.

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::{
    bus::Rule,
    schedules::{Asked, Schedule, State},
};

use crate::{ApiError, Context};

/// So many times are said of each at most.
const MOST_TIMES: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    /// So many times of each.
    #[serde(default)]
    count: usize,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    schedules: Vec<Due>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Due {
    kind: Kind,
    name: String,
    arn: String,
    expression: String,
    zone: String,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_time: Option<Timestamp>,
    times: Vec<Time>,
}

#[derive(Serialize)]
enum Kind {
    Schedule,
    Rule,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Time {
    time: Timestamp,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let (now, count) = (context.services.ground.now(), input.count.min(MOST_TIMES));
    let mut found = Vec::new();
    if input.next_token.is_none() {
        rules(context, |rule| found.extend(of_rule(rule, now, count))).await?;
    }
    let schedules = &context.services.schedules;
    let page = schedules.list(&context.scope, &Asked::default(), 100, input.next_token).await?;
    found.extend(page.0.iter().map(|schedule| of_schedule(schedule, now, count)));
    Ok(Output { schedules: found, next_token: page.1 })
}

/// All rules of the default bus: only there rules have schedules.
async fn rules(context: &Context, mut each: impl FnMut(&Rule)) -> Result<(), ApiError> {
    let mut after = None;
    loop {
        let bus = &context.services.bus;
        let (rules, next) = bus.list_rules(&context.scope, (None, ""), 100, after).await?;
        rules.iter().for_each(&mut each);
        if next.is_none() {
            return Ok(());
        }
        after = next;
    }
}

fn of_rule(rule: &Rule, now: Timestamp, count: usize) -> Option<Due> {
    Some(Due {
        kind: Kind::Rule,
        name: rule.name.clone(),
        arn: rule.arn().to_string(),
        expression: rule.schedule.clone()?,
        zone: "UTC".to_owned(),
        enabled: rule.enabled,
        last_time: None,
        times: rule.times(now).take(count).map(|time| Time { time }).collect(),
    })
}

fn of_schedule(schedule: &Schedule, now: Timestamp, count: usize) -> Due {
    let spec = &schedule.spec;
    Due {
        kind: Kind::Schedule,
        name: format!("{}/{}", spec.group(), spec.name),
        arn: schedule.arn().to_string(),
        expression: spec.schedule_expression.clone(),
        zone: spec.schedule_expression_timezone.clone().unwrap_or_else(|| "UTC".to_owned()),
        enabled: spec.state != Some(State::Disabled),
        last_time: schedule.last,
        times: schedule.times(now).take(count).map(|time| Time { time }).collect(),
    }
}
