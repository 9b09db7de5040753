//! What builds hear of: pushes start them, and the end of their job ends them.

use async_trait::async_trait;
use trainyard_domain::{Arn, Event, Principal};
use trainyard_store::{Held, List};

use super::{
    Build, Builds, Error, Project, StartRequest, Trigger,
    decide::{self, Run},
    project::{REPOSITORY, repository_key},
    start::Cause,
    webhook::Push,
};
use crate::{
    bus::Listener,
    ground::uuid_from,
    jobs::{self, JOB_STATE_CHANGE, Kind as JobKind},
    refusal::Refusal,
    repositories::{self, GIT_PUSH},
};

type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Starts the builds of the projects whose webhook takes a push.
pub struct Pushes(pub Builds);

#[async_trait]
impl Listener for Pushes {
    fn name(&self) -> &'static str {
        "builds-pushes"
    }

    fn wants(&self, event: &Event) -> bool {
        event.source == repositories::SOURCE && event.detail_type == GIT_PUSH
    }

    async fn hear(&self, event: &Event) -> Result<(), Trouble> {
        let text = |member: &str| event.detail[member].as_str().map(str::to_owned);
        // A ref that is gone is not built.
        let (Some(repository), Some(head_ref), Some(after)) =
            (text("repository"), text("ref"), text("after"))
        else {
            return Ok(());
        };
        let pusher: Option<Arn> = text("pusher").and_then(|arn| arn.parse().ok());
        let trigger = Trigger {
            head_ref,
            before: text("before"),
            actor: pusher.as_ref().map(|arn| arn.account.clone()),
        };
        let push = Push { head_ref: &trigger.head_ref, pusher: pusher.as_ref() };
        for project in self.0.projects_of(&event.scope.account.to_string(), &repository).await? {
            if project.webhook.as_ref().is_some_and(|webhook| webhook.takes(&push)) {
                self.0.start_for_push(event, &project, &after, trigger.clone()).await?;
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
        commit: &str,
        trigger: Trigger,
    ) -> Result<(), Error> {
        let request = StartRequest {
            project_name: project.name.clone(),
            source_version: Some(commit.to_owned()),
            ..StartRequest::default()
        };
        let cause = Cause {
            uuid: Some(uuid_from(&[&event.id, &project.arn().to_string()])),
            initiator: format!("trainyard-git/{}", trigger.actor.as_deref().unwrap_or("unknown")),
            trigger: Some(trigger),
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
