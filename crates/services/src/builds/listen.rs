//! What builds hear of: pushes and pull requests start them, and the end of their job ends them.

use async_trait::async_trait;
use trainyard_domain::{AccountId, Arn, Event, Principal};
use trainyard_store::{Held, List};

use super::{
    Build, Builds, Error, Project, StartRequest, Webhook,
    decide::{self, Run},
    happening::{self, Happening},
    project::{REPOSITORY, repository_key},
    start::Cause,
};
use crate::{
    bus::Listener,
    ground::uuid_from,
    jobs::{self, JOB_STATE_CHANGE, Kind as JobKind},
    refusal::Refusal,
    repositories::{self, check_name},
};

type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Starts the builds of the projects whose webhook takes a push or a pull request.
pub struct Pushes(pub Builds);

#[async_trait]
impl Listener for Pushes {
    fn name(&self) -> &'static str {
        "builds-pushes"
    }

    fn wants(&self, event: &Event) -> bool {
        happening::is_one(event)
    }

    async fn hear(&self, event: &Event) -> Result<(), Trouble> {
        let Some(mut happening) = Happening::of(event) else { return Ok(()) };
        let account = &event.scope.account;
        let mut projects = self.0.projects_of(account.as_str(), &happening.repository).await?;
        projects.retain(|project| project.webhook.is_some());
        let webhooks = || projects.iter().flat_map(|project| &project.webhook);
        if happening.files.is_none() && webhooks().any(Webhook::looks_inside) {
            self.0.look_inside(account, &mut happening).await?;
        }
        for project in &projects {
            if project.webhook.as_ref().is_some_and(|webhook| webhook.takes(&happening)) {
                self.0.start_for_push(event, project, &happening).await?;
            }
        }
        Ok(())
    }
}

/// Ends the builds whose job has ended.
pub struct Ends(pub Builds);

#[async_trait]
impl Listener for Ends {
    fn name(&self) -> &'static str {
        "builds-ends"
    }

    fn wants(&self, event: &Event) -> bool {
        event.source == jobs::SOURCE
            && event.detail_type == JOB_STATE_CHANGE
            && event.detail["phase"] == "ENDED"
    }

    async fn hear(&self, event: &Event) -> Result<(), Trouble> {
        let arn: Option<Arn> = event.detail["arn"].as_str().and_then(|arn| arn.parse().ok());
        let Some(id) = arn.as_ref().and_then(|arn| arn.resource_of("build")) else { return Ok(()) };
        match self.0.held_build(&event.scope, id).await {
            Ok(held) => Ok(self.0.end(held).await?),
            Err(Error::NoBuild(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Builds {
    /// Reads what the push of a repository of the built-in host changed.
    async fn look_inside(&self, account: &AccountId, happening: &mut Happening) -> Result<(), Error> {
        if check_name(&happening.repository).is_err() {
            return Ok(());
        }
        let place = match self.repositories.place(account, &happening.repository).await {
            Err(repositories::Error::NoRepository(_)) => return Ok(()),
            other => other?,
        };
        happening.message = place.message(&happening.commit).await?;
        happening.files = place.changed(happening.before.as_deref(), &happening.commit).await?;
        Ok(())
    }

    /// The projects, in all regions, that build the account's repository.
    async fn projects_of(&self, account: &str, repository: &str) -> Result<Vec<Project>, Error> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let list =
                List::everywhere().equal(REPOSITORY, &repository_key(account, repository)).after(after);
            let page = self.ground.store.list::<Project>(list).await?;
            found.extend(page.items.into_iter().map(|held| held.value));
            after = page.next;
            if after.is_none() {
                return Ok(found);
            }
        }
    }

    async fn start_for_push(
        &self,
        event: &Event,
        project: &Project,
        happening: &Happening,
    ) -> Result<(), Error> {
        let request = StartRequest {
            project_name: project.name.clone(),
            source_version: Some(happening.commit.clone()),
            ..StartRequest::default()
        };
        let cause = Cause {
            uuid: Some(uuid_from(&[&event.id, &project.arn().to_string()])),
            initiator: happening.initiator.clone(),
            trigger: Some(happening.trigger()),
        };
        match self.begin(&project.scope, &Principal::root(&project.scope), request, cause).await {
            // It was removed meanwhile, or can no longer be built: hearing of the push again would not help.
            Err(error)
                if matches!(
                    error.kind(),
                    trainyard_domain::Kind::NotFound | trainyard_domain::Kind::Invalid
                ) =>
            {
                tracing::warn!(project = project.name, %error, "a push starts no build");
                Ok(())
            }
            other => other.map(drop),
        }
    }

    /// Takes over what the build's job has left. Nothing happens to a build that is over.
    async fn end(&self, held: Held<Build>) -> Result<(), Error> {
        let (scope, uuid) = (&held.value.scope, held.value.uuid());
        let Some(job) = self.jobs.find(JobKind::Build, scope, uuid).await?.filter(|job| job.value.is_over())
        else {
            return Ok(());
        };
        if held.value.is_over() {
            return Ok(());
        }
        let (marks, spec) = self.config.place(&held.value).run();
        let run = Run { marks: &marks, buildspec: spec.as_ref() };
        self.over(held, &run, &decide::verdict(&job.value)).await.map(drop)
    }
}
