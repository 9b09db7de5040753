//! The room's verbs.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::Notify;
use trainyard_domain::{Arn, Principal, Scope};
use trainyard_lang::source::Diagnostic;
use trainyard_store::{Changes, Error as StoreError, Expect, Held, WorkItem};

use super::{
    Change, Error, Output, Stack, Status, act,
    decide::{self, Action},
    names,
    plan::{self, Source, Target, Wanted},
    resources::{self, Call},
    stack::{Direction, Plan},
    told,
};
use crate::{
    artifacts::Artifacts, audit, builds::Builds, bus::Bus, connections::Connections, executions::Executions,
    ground::Ground, identity::Identity, images::Images, queues::Queues, registry::Registry,
    schedules::Schedules,
};

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Stacks {
    pub(super) ground: Ground,
    pub(super) there: Arc<Neighbours>,
    /// Told when a stack has changed, for who waits. A lost word costs a moment.
    pub(super) moved: Arc<Notify>,
}

/// The rooms that stacks are made of.
pub struct Neighbours {
    /// Buckets.
    pub artifacts: Artifacts,
    /// Projects.
    pub builds: Builds,
    /// Buses, rules, archives.
    pub bus: Bus,
    /// Connections and API destinations.
    pub connections: Connections,
    /// State machines.
    pub executions: Executions,
    /// Roles.
    pub identity: Identity,
    /// Image repositories.
    pub images: Images,
    /// Queues.
    pub queues: Queues,
    /// Model package groups.
    pub registry: Registry,
    /// Schedules and their groups.
    pub schedules: Schedules,
}

/// What is to be deployed.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// The stack's name.
    pub stack: String,
    /// The template's text.
    pub template: String,
    /// The template's name, for findings.
    pub file: String,
    /// The files that it names, by the paths that it names.
    pub definitions: BTreeMap<String, String>,
    /// Values of parameters. For those that are absent the stack keeps what it had.
    pub parameters: BTreeMap<String, String>,
    /// Whether only to say what would be done.
    pub dry_run: bool,
}

/// What came of a deployment.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// The stack as it is now; after a dry run of a new one, as it would begin.
    pub stack: Stack,
    /// What was done, or would be; nothing if nothing has changed.
    pub changes: Vec<Change>,
}

/// Who waits looks by himself so often.
const LOOK: Duration = Duration::from_secs(1);

impl Stacks {
    /// On this ground, with these rooms.
    pub fn new(ground: Ground, there: Neighbours) -> Self {
        Self { ground, there: Arc::new(there), moved: Arc::default() }
    }

    /// Makes or changes the stack, and waits until that has ended, well or not: [`Stack::status`] says which. A crash
    /// meanwhile loses nothing, the next start goes on.
    pub async fn deploy(&self, scope: &Scope, by: &Principal, asked: Deployment) -> Result<Deployed, Error> {
        names::check_stack(&asked.stack)?;
        let held = self.ground.store.get::<Stack>(&scope.to_string(), &asked.stack).await?;
        let (expect, mut stack) = match held {
            Some(Held { version, value }) if value.plan.is_none() && value.is_there() => {
                (Expect::Version(version), value)
            }
            Some(Held { value, .. }) if value.plan.is_some() => {
                return Err(Error::Busy(value.id.to_string(), value.status.as_str()));
            }
            Some(Held { version, .. }) => (Expect::Version(version), self.new_stack(scope, &asked.stack)),
            None => (Expect::Absent, self.new_stack(scope, &asked.stack)),
        };
        let wanted = self.plan(&stack, &asked).await?;
        let changes = decide::changes(&stack.resources, &wanted.resources);
        self.must_be_new(&stack, by, &changes, &wanted).await?;
        let is_same = changes.is_empty() && wanted.outputs == stack.outputs && stack.is_there();
        if asked.dry_run || (is_same && stack.status.is_good()) {
            return Ok(Deployed { stack, changes });
        }
        self.begin(&mut stack, by, (asked.template, wanted), expect).await?;
        let stack = self.ended(&stack).await?;
        Ok(Deployed { stack, changes })
    }

    /// The stack of that name or ARN.
    pub async fn describe(&self, scope: &Scope, name: &str) -> Result<Stack, Error> {
        let by_arn = name.parse::<Arn>().ok().and_then(|arn| {
            arn.resource_of("stack").and_then(|rest| rest.split('/').next()).map(str::to_owned)
        });
        let held =
            self.ground.store.get::<Stack>(&scope.to_string(), by_arn.as_deref().unwrap_or(name)).await?;
        let stack =
            held.map(|held| held.value).filter(|stack| by_arn.is_none() || stack.id.to_string() == name);
        stack.ok_or_else(|| Error::NoStack(name.to_owned()))
    }

    fn new_stack(&self, scope: &Scope, name: &str) -> Stack {
        let now = self.ground.now();
        Stack {
            scope: scope.clone(),
            name: name.to_owned(),
            id: Arn::new("cloudformation", scope, format!("stack/{name}/{}", self.ground.uuid())),
            description: None,
            status: Status::CreateInProgress,
            reason: None,
            template: String::new(),
            parameters: BTreeMap::new(),
            secret: Vec::new(),
            resources: Vec::new(),
            outputs: Vec::<Output>::new(),
            plan: None,
            deployments: 0,
            moments: Vec::new(),
            created: now,
            updated: now,
        }
    }

    /// Everything that can be found wrong is found here, before anything is done.
    async fn plan(&self, stack: &Stack, asked: &Deployment) -> Result<Wanted, Error> {
        let source = Source {
            template: &asked.template,
            file: &asked.file,
            definitions: &asked.definitions,
            given: &asked.parameters,
            before: &stack.parameters,
        };
        let target = Target { scope: &stack.scope, stack: &stack.id, name: &stack.name };
        let wanted = plan::plan(&source, &target).map_err(Error::Invalid)?;
        let mut found = Vec::new();
        for made in &wanted.resources {
            let (Some(kind), Some(place)) = (resources::of(&made.kind), wanted.places.get(&made.logical_id))
            else {
                continue;
            };
            found
                .extend(kind.check(&self.there, &stack.scope, made).iter().map(|misfit| place.error(misfit)));
        }
        if found.is_empty() { Ok(wanted) } else { Err(Error::Invalid(found)) }
    }

    /// What is to be made must not be there already: it would be somebody else's.
    async fn must_be_new(
        &self,
        stack: &Stack,
        by: &Principal,
        changes: &[Change],
        wanted: &Wanted,
    ) -> Result<(), Error> {
        let mut found: Vec<Diagnostic> = Vec::new();
        for Change { resource, .. } in
            changes.iter().filter(|c| matches!(c.action, Action::Create | Action::Replace))
        {
            let (Some(kind), Some(place)) =
                (resources::of(&resource.kind), wanted.places.get(&resource.logical_id))
            else {
                continue;
            };
            if kind
                .exists(&self.there, &Call { by, scope: &stack.scope, made: resource, before: None })
                .await?
            {
                let id = &resource.physical_id;
                let words =
                    format!("{id} already exists and is not this stack's: remove it, or choose another name");
                found.push(place.error(&super::shape::Misfit::at(&[], words)));
            }
        }
        if found.is_empty() { Ok(()) } else { Err(Error::Invalid(found)) }
    }

    /// Stores the plan. From here on it is carried out, whatever happens.
    async fn begin(
        &self,
        stack: &mut Stack,
        by: &Principal,
        (template, wanted): (String, Wanted),
        expect: Expect,
    ) -> Result<(), Error> {
        let is_new = !stack.is_there();
        stack.status = if is_new { Status::CreateInProgress } else { Status::UpdateInProgress };
        stack.reason = None;
        stack.deployments += 1;
        stack.updated = self.ground.now();
        stack.plan = Some(Plan {
            direction: Direction::Forward,
            by: by.clone(),
            wanted: wanted.resources,
            outputs: wanted.outputs,
            template,
            description: wanted.description,
            parameters: wanted.parameters,
            secret: wanted.secret,
        });
        let (name, status) = (stack.name.clone(), stack.status.as_str());
        stack.note(stack.updated, &name, status, None);
        let action = if is_new { "cloudformation:CreateStack" } else { "cloudformation:UpdateStack" };
        let mut changes = Changes::new();
        changes.put(stack, expect)?;
        changes.schedule(WorkItem::now(act::TOPIC, act::work_id(stack), ""));
        told::tell(&mut changes, stack)?;
        audit::note(&mut changes, &self.ground, by, action, &stack.id)?;
        match self.ground.store.commit(changes).await {
            Err(StoreError::Conflict(_)) => Err(Error::Busy(stack.id.to_string(), status)),
            other => Ok(other?),
        }
    }

    /// Waits until the deployment has ended.
    async fn ended(&self, begun: &Stack) -> Result<Stack, Error> {
        loop {
            let moved = self.moved.notified();
            let stack = self.describe(&begun.scope, &begun.name).await?;
            if stack.plan.is_none() || stack.deployments != begun.deployments {
                return Ok(stack);
            }
            let _ = tokio::time::timeout(LOOK, moved).await;
        }
    }
}
