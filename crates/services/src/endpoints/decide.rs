//! What follows for an endpoint from what is seen of its copies. Pure.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use trainyard_domain::{
    Timestamp,
    serving::{Health, VariantId},
};

use super::endpoint::{Copy, Endpoint, Generation, Status};

/// What is seen of an endpoint's copies.
#[derive(Default)]
pub(super) struct Seen {
    /// What the driver sees; a copy that is not there is absent.
    pub health: HashMap<VariantId, Health>,
    /// How many requests each copy still answers.
    pub in_flight: HashMap<VariantId, usize>,
}

/// What is to be done.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Steps {
    /// Bring these up.
    pub ensure: Vec<Copy>,
    /// Take these away.
    pub remove: Vec<VariantId>,
    /// The endpoint has become this.
    pub became: Option<Endpoint>,
    /// The endpoint is gone.
    pub gone: bool,
}

/// How long a generation may take to come up.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a leaving copy may take for the requests that it has.
const DRAIN: Duration = Duration::from_secs(120);

/// Decides what to do for an endpoint.
pub(super) fn next(endpoint: &Endpoint, seen: &Seen, now: Timestamp) -> Steps {
    let mut steps = Steps::default();
    let mut after = endpoint.clone();
    if endpoint.status == Status::Deleting {
        let all: Vec<_> = after.current.take().into_iter().chain(after.next.take()).collect();
        after.leaving.extend(all);
    }
    leave(&mut after, seen, now, &mut steps);
    if let Some(next) = after.next.take() {
        after.next = come_up(&mut after, next, seen, now, &mut steps);
    }
    after.down = down(&after, seen);
    if let Some(current) = &after.current {
        let gone = |copy: &&Copy| {
            matches!(seen.of(copy), Health::Absent | Health::Unstarted | Health::Failed { .. })
        };
        steps.ensure.extend(current.copies.iter().filter(gone).cloned());
    }
    steps.gone = after.status == Status::Deleting && after.leaving.is_empty();
    if after != *endpoint {
        after.modified = now;
        steps.became = Some(after);
    }
    steps
}

/// The copies that should serve and do not, with the reason that was last seen: a copy that fails is brought up again at
/// once, and is down until it answers.
fn down(endpoint: &Endpoint, seen: &Seen) -> BTreeMap<VariantId, String> {
    let why = |copy: &Copy| match seen.of(copy) {
        Health::Ready => None,
        Health::Failed { reason } => Some(format!("the container of {} failed: {reason}", copy.variant)),
        _ => endpoint.down.get(&copy.id).cloned(),
    };
    let copies = endpoint.current.iter().flat_map(|generation| &generation.copies);
    copies.filter_map(|copy| Some((copy.id.clone(), why(copy)?))).collect()
}

/// Leaving copies go when their requests are answered.
fn leave(endpoint: &mut Endpoint, seen: &Seen, now: Timestamp, steps: &mut Steps) {
    endpoint.leaving.retain(|generation| {
        let there: Vec<_> = generation.copies.iter().filter(|c| seen.of(c) != Health::Absent).collect();
        let late = now.since(generation.since) >= DRAIN;
        let idle = |copy: &&&Copy| late || seen.in_flight.get(&copy.id).is_none_or(|n| *n == 0);
        steps.remove.extend(there.iter().filter(idle).map(|copy| copy.id.clone()));
        !there.is_empty()
    });
}

/// The next generation takes over when all of it answers, and leaves when any of it fails.
fn come_up(
    endpoint: &mut Endpoint,
    next: Generation,
    seen: &Seen,
    now: Timestamp,
    steps: &mut Steps,
) -> Option<Generation> {
    if let Some(reason) = trouble(&next, seen, now) {
        endpoint.status = if endpoint.current.is_some() { Status::InService } else { Status::Failed };
        endpoint.failure = Some(reason);
        endpoint.leaving.push(Generation { since: now, ..next });
        return None;
    }
    if next.copies.iter().all(|copy| matches!(seen.of(copy), Health::Ready)) {
        let before = endpoint.current.replace(Generation { since: now, ..next });
        endpoint.leaving.extend(before.map(|generation| Generation { since: now, ..generation }));
        endpoint.status = Status::InService;
        endpoint.failure = None;
        return None;
    }
    let waits = |copy: &&Copy| matches!(seen.of(copy), Health::Absent | Health::Unstarted);
    steps.ensure.extend(next.copies.iter().filter(waits).cloned());
    Some(next)
}

fn trouble(generation: &Generation, seen: &Seen, now: Timestamp) -> Option<String> {
    let failed = generation.copies.iter().find_map(|copy| match seen.of(copy) {
        Health::Failed { reason } => Some((copy, reason)),
        _ => None,
    });
    if let Some((copy, reason)) = failed {
        return Some(format!("the container of production variant {} failed: {reason}", copy.variant));
    }
    let late = now.since(generation.since) >= PATIENCE;
    let waits = generation.copies.iter().find(|copy| !matches!(seen.of(copy), Health::Ready));
    waits.filter(|_| late).map(|copy| {
        format!(
            "The primary container for production variant {} did not pass the ping health check. Please check CloudWatch logs for this endpoint.",
            copy.variant
        )
    })
}

impl Seen {
    /// What is seen of a copy.
    pub(super) fn of(&self, copy: &Copy) -> Health {
        self.health.get(&copy.id).cloned().unwrap_or(Health::Absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trainyard_domain::{Arn, Principal, Scope};

    fn copy(id: &str) -> Copy {
        Copy {
            id: VariantId::try_from(id.to_owned()).unwrap(),
            variant: "v".to_owned(),
            model: "m".to_owned(),
            instance_type: "ml.t3.medium".to_owned(),
            weight: 1.0,
            of: 1,
        }
    }

    fn generation(id: &str) -> Generation {
        Generation { config: id.to_owned(), since: Timestamp(0), copies: vec![copy(id)] }
    }

    fn endpoint(status: Status, current: Option<&str>, next: Option<&str>) -> Endpoint {
        let scope = Scope::default_scope();
        Endpoint {
            name: "e".to_owned(),
            arn: Arn::new("sagemaker", &scope, "endpoint/e"),
            status,
            failure: None,
            down: BTreeMap::new(),
            current: current.map(generation),
            next: next.map(generation),
            leaving: Vec::new(),
            generations: 1,
            tags: Vec::new(),
            token: None,
            principal: Principal::root(&scope),
            created: Timestamp(0),
            modified: Timestamp(0),
            scope,
        }
    }

    fn ready() -> Health {
        Health::Ready
    }

    fn seen(health: &[(&str, Health)]) -> Seen {
        let health = health.iter().map(|(id, health)| (copy(id).id, health.clone())).collect();
        Seen { health, in_flight: HashMap::new() }
    }

    #[test]
    fn a_new_endpoint_comes_up_and_serves() {
        let new = endpoint(Status::Creating, None, Some("a"));
        assert_eq!(next(&new, &seen(&[]), Timestamp(1)).ensure, vec![copy("a")]);
        let became = next(&new, &seen(&[("a", ready())]), Timestamp(1)).became.unwrap();
        assert_eq!((became.status, became.current.unwrap().config.as_str()), (Status::InService, "a"));
    }

    #[test]
    fn an_update_moves_the_traffic_only_when_all_is_healthy() {
        let updating = endpoint(Status::Updating, Some("a"), Some("b"));
        let starting = Health::Starting { since: Timestamp(0), reason: String::new() };
        assert_eq!(
            next(&updating, &seen(&[("a", ready()), ("b", starting)]), Timestamp(1)),
            Steps::default()
        );
        let became = next(&updating, &seen(&[("a", ready()), ("b", ready())]), Timestamp(1)).became.unwrap();
        assert_eq!(became.current.unwrap().config, "b");
        assert_eq!(became.leaving[0].config, "a");
    }

    #[test]
    fn the_old_one_answers_its_requests_before_it_goes() {
        let mut serving = endpoint(Status::InService, Some("b"), None);
        serving.leaving = vec![generation("a")];
        let mut both = seen(&[("a", ready()), ("b", ready())]);
        both.in_flight.insert(copy("a").id, 1);
        assert!(next(&serving, &both, Timestamp(1)).remove.is_empty());
        both.in_flight.clear();
        assert_eq!(next(&serving, &both, Timestamp(1)).remove, vec![copy("a").id]);
        let late = Timestamp(0).plus(DRAIN);
        both.in_flight.insert(copy("a").id, 1);
        assert_eq!(next(&serving, &both, late).remove, vec![copy("a").id]);
        assert!(next(&serving, &seen(&[("b", ready())]), Timestamp(1)).became.unwrap().leaving.is_empty());
    }

    #[test]
    fn a_failed_update_leaves_the_old_one_serving() {
        let updating = endpoint(Status::Updating, Some("a"), Some("b"));
        let failed = Health::Failed { reason: "exit code 1".to_owned() };
        let became = next(&updating, &seen(&[("a", ready()), ("b", failed)]), Timestamp(1)).became.unwrap();
        assert_eq!((became.status, became.current.unwrap().config.as_str()), (Status::InService, "a"));
        assert!(became.failure.unwrap().contains("exit code 1"));
    }

    #[test]
    fn one_that_never_answers_is_given_up() {
        let new = endpoint(Status::Creating, None, Some("a"));
        let starting = Health::Starting { since: Timestamp(0), reason: String::new() };
        let became = next(&new, &seen(&[("a", starting)]), Timestamp(0).plus(PATIENCE)).became.unwrap();
        assert_eq!(became.status, Status::Failed);
    }

    #[test]
    fn a_copy_that_died_is_brought_back() {
        let serving = endpoint(Status::InService, Some("a"), None);
        assert_eq!(next(&serving, &seen(&[]), Timestamp(1)).ensure, vec![copy("a")]);
    }

    #[test]
    fn a_copy_that_does_not_come_back_is_down_with_its_reason_until_it_answers() {
        let mut serving = endpoint(Status::InService, Some("a"), None);
        let failed = Health::Failed { reason: "exit code 1".to_owned() };
        let down = next(&serving, &seen(&[("a", failed)]), Timestamp(1)).became.unwrap();
        assert_eq!(down.status, Status::InService);
        assert!(down.down[&copy("a").id].contains("exit code 1"));
        serving.down = down.down;
        let starting = Health::Starting { since: Timestamp(0), reason: String::new() };
        assert_eq!(next(&serving, &seen(&[("a", starting)]), Timestamp(1)).became, None, "nothing new");
        let back = next(&serving, &seen(&[("a", ready())]), Timestamp(1)).became.unwrap();
        assert!(back.down.is_empty());
    }

    #[test]
    fn one_that_a_server_took_on_and_did_not_start_is_brought_up() {
        let halfway = seen(&[("a", Health::Unstarted)]);
        for endpoint in [
            endpoint(Status::Creating, None, Some("a")),
            endpoint(Status::Updating, Some("b"), Some("a")),
            endpoint(Status::InService, Some("a"), None),
        ] {
            assert!(next(&endpoint, &halfway, Timestamp(1)).ensure.contains(&copy("a")), "{endpoint:?}");
        }
        let deleting = endpoint(Status::Deleting, Some("a"), None);
        let steps = next(&deleting, &halfway, Timestamp(1));
        assert_eq!((steps.ensure, steps.remove, steps.gone), (vec![], vec![copy("a").id], false));
    }

    #[test]
    fn a_deleted_endpoint_is_gone_when_nothing_runs() {
        let deleting = endpoint(Status::Deleting, Some("a"), Some("b"));
        let steps = next(&deleting, &seen(&[("a", ready())]), Timestamp(1));
        assert_eq!((steps.remove, steps.gone), (vec![copy("a").id], false));
        assert!(next(&deleting, &seen(&[]), Timestamp(1)).gone);
    }
}
