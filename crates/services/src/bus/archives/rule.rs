//! The rule by which an archive listens. Pure.

use serde_json::{Value, json};
use trainyard_domain::{Arn, Timestamp};

use super::Archive;
use crate::bus::{Error, Patience, Rule, RuleTarget, Shape, matching};

/// Who manages the rule, in AWS's words.
const MANAGED_BY: &str = "prod.vhs.events.aws.internal";

/// The name of the archive's rule.
pub(super) fn name(archive: &str) -> String {
    format!("Events-Archive-{archive}")
}

/// The archive's rule: what its pattern says, and no replays.
pub(super) fn of(archive: &Archive, since: Timestamp) -> Result<Rule, Error> {
    let pattern = pattern(archive.pattern.as_deref())?;
    Ok(Rule {
        scope: archive.scope.clone(),
        bus: archive.bus.clone(),
        name: name(&archive.name),
        pattern: Some(pattern),
        schedule: None,
        enabled: true,
        description: None,
        role: None,
        tags: Vec::new(),
        targets: vec![target(archive)],
        since,
        management_events: false,
        managed_by: Some(MANAGED_BY.to_owned()),
        archive: Some(archive.id.clone()),
    })
}

fn pattern(of_user: Option<&str>) -> Result<String, Error> {
    let read = of_user.map(serde_json::from_str::<Value>).transpose();
    let mut pattern = read
        .map_err(|e| Error::Pattern(format!("Event pattern is not valid. Reason: {e}")))?
        .unwrap_or_else(|| json!({}));
    pattern["replay-name"] = json!([{"exists": false}]);
    let pattern = pattern.to_string();
    matching::compile(&pattern).map_err(Error::Pattern)?;
    Ok(pattern)
}

/// The target that AWS shows. Nothing is delivered to it: the rule's events are kept in the commit of their matching.
fn target(archive: &Archive) -> RuleTarget {
    let template = format!(
        "{{\"archive-arn\": \"{}:{}\", \"event\": <aws.events.event.json>, \"ingestion-time\": <aws.events.event.ingestion-time>}}",
        archive.arn(),
        archive.id
    );
    RuleTarget {
        id: archive.name.clone(),
        arn: Arn { account: String::new(), ..Arn::new("events", &archive.scope, ":") },
        role: None,
        group: None,
        shape: Shape::Template { paths: Vec::new(), template },
        patience: Patience::default(),
        letters: None,
        http: None,
    }
}
