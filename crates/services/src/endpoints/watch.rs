//! The room's loop: keeps every endpoint as it should be.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use trainyard_domain::{Kind, serving::Health};
use trainyard_store::{Changes, Expect, Held, List, WorkItem};

use super::{
    Error,
    decide::{self, Seen, Steps},
    endpoint::{Copy, Endpoint, Status},
    room::Endpoints,
    route::Way,
    stage, told,
};
use crate::{
    ground::scope_key,
    logs::{self, StreamName},
    work::{Outcome, Worker},
};

pub(super) const TOPIC: &str = "endpoints";

/// How often an endpoint that changes is looked at, and one that serves.
const CHANGING: Duration = Duration::from_millis(100);
const SERVING: Duration = Duration::from_secs(1);

/// All endpoints.
pub struct Watch(Endpoints);

/// The work on an endpoint is named `<scope> <name>`.
pub(super) fn work_id(endpoint: &Endpoint) -> String {
    format!("{} {}", endpoint.scope, endpoint.name)
}

#[async_trait]
impl Worker for Watch {
    const TOPIC: &'static str = TOPIC;
    const WIDTH: usize = 64;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
        let (scope, name) = item.id.split_once(' ').unwrap_or_default();
        match self.0.ground.store.get::<Endpoint>(scope, name).await? {
            // Somebody changed it meanwhile: look again at once.
            Some(held) => match self.0.step(held).await {
                Err(Error::Store(trainyard_store::Error::Conflict(_))) => Ok(Outcome::Later(Duration::ZERO)),
                other => Ok(other?),
            },
            None => Ok(Outcome::Finished(Changes::new())),
        }
    }
}

impl Endpoints {
    /// The room's worker.
    pub fn watch(&self) -> Arc<Watch> {
        Arc::new(Watch(self.clone()))
    }

    /// Ends copies that no endpoint wants: an update was committed and the server died before it took them away.
    pub async fn sweep(&self) -> Result<(), Error> {
        let mut wanted = Vec::new();
        let mut after = None;
        loop {
            let page =
                self.ground.store.list::<Endpoint>(List::everywhere().limit(1000).after(after)).await?;
            for held in &page.items {
                wanted.extend(
                    held.value.generations().flat_map(|g| g.copies.iter().map(|copy| copy.id.clone())),
                );
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        for id in self.driver.list().await?.into_iter().filter(|id| !wanted.contains(id)) {
            self.driver.remove(&id).await?;
        }
        Ok(())
    }

    async fn step(&self, held: Held<Endpoint>) -> Result<Outcome, Error> {
        let endpoint = &held.value;
        let mut seen = Seen::default();
        for copy in endpoint.generations().flat_map(|generation| &generation.copies) {
            seen.health.insert(copy.id.clone(), self.driver.observe(&copy.id).await?);
            seen.in_flight.insert(copy.id.clone(), self.traffic.in_flight(&copy.id));
            self.pump(endpoint, copy).await?;
        }
        let steps = decide::next(endpoint, &seen, self.ground.now());
        let after = steps.became.as_ref().unwrap_or(endpoint);
        // The table first: a copy that leaves gets no new requests before those it has are counted.
        self.traffic.set(&endpoint.arn.to_string(), ways(after, &seen));
        self.act(&held, &steps).await
    }

    async fn act(&self, held: &Held<Endpoint>, steps: &Steps) -> Result<Outcome, Error> {
        let endpoint = &held.value;
        for id in &steps.remove {
            self.driver.remove(id).await?;
            self.traffic.forget_copy(id);
            stage::remove(&self.directory(id)).await?;
        }
        if steps.gone {
            self.traffic.forget(&endpoint.arn.to_string());
            let mut changes = Changes::new();
            changes.delete::<Endpoint>(
                &scope_key(&endpoint.scope),
                &endpoint.name,
                Expect::Version(held.version),
            );
            return Ok(Outcome::Finished(changes));
        }
        for copy in &steps.ensure {
            if let Err(error) = self.ensure(endpoint, copy).await {
                if crate::refusal::is_passing(&error) {
                    return Err(error);
                }
                return self.give_up(held, steps, copy, &error).await;
            }
        }
        if let Some(became) = &steps.became {
            self.commit(held, became).await?;
            return Ok(Outcome::Later(CHANGING));
        }
        let settled =
            endpoint.status == Status::InService && endpoint.leaving.is_empty() && steps.ensure.is_empty();
        Ok(Outcome::Later(if settled || endpoint.status == Status::Failed { SERVING } else { CHANGING }))
    }

    async fn ensure(&self, endpoint: &Endpoint, copy: &Copy) -> Result<(), Error> {
        let spec = self.spec(endpoint, copy).await?;
        Ok(self.driver.ensure(&spec).await?)
    }

    /// A copy that cannot come up ends the generation that comes up. One that served is said to be down, and tried again
    /// and again.
    async fn give_up(
        &self,
        held: &Held<Endpoint>,
        steps: &Steps,
        copy: &Copy,
        error: &Error,
    ) -> Result<Outcome, Error> {
        let mut endpoint = steps.became.clone().unwrap_or_else(|| held.value.clone());
        match endpoint.next.take_if(|next| next.copies.contains(copy)) {
            Some(next) => {
                endpoint.status = if endpoint.current.is_some() { Status::InService } else { Status::Failed };
                endpoint.failure = Some(error.to_string());
                endpoint.leaving.push(next);
            }
            None => {
                let why = format!("{} cannot be brought back: {error}", copy.variant);
                endpoint.down.insert(copy.id.clone(), why);
            }
        }
        if endpoint != held.value {
            endpoint.modified = self.ground.now();
            self.commit(held, &endpoint).await?;
        }
        Ok(Outcome::Later(if endpoint.down.is_empty() { CHANGING } else { SERVING }))
    }

    /// Commits what the endpoint has become. Only a change of its status is news, as it is on AWS.
    async fn commit(&self, held: &Held<Endpoint>, became: &Endpoint) -> Result<(), Error> {
        let mut changes = Changes::new();
        changes.put(became, Expect::Version(held.version))?;
        if became.status != held.value.status {
            told::tell(&mut changes, became)?;
        }
        Ok(self.ground.store.commit(changes).await?)
    }

    /// Moves what a copy has printed into its log stream.
    async fn pump(&self, endpoint: &Endpoint, copy: &Copy) -> Result<(), Error> {
        let name = StreamName {
            scope: endpoint.scope.clone(),
            group: format!("/aws/sagemaker/Endpoints/{}", endpoint.name),
            stream: format!("{}/{}", copy.variant, copy.id),
        };
        let trouble = |e: logs::Error| Error::Trouble(e.to_string());
        let mut from = self.logs.position(&name).await.map_err(trouble)?;
        loop {
            let page = match self.driver.logs(&copy.id, from).await {
                Err(error) if error.kind == Kind::NotFound => return Ok(()),
                page => page?,
            };
            if page.lines.is_empty() {
                return Ok(());
            }
            from = self.logs.append(&name, from, &page).await.map_err(trouble)?;
        }
    }
}

/// The copies that answer: those of the generation that serves.
fn ways(endpoint: &Endpoint, seen: &Seen) -> Vec<Way> {
    let copies =
        endpoint.current.iter().filter(|_| endpoint.status != Status::Deleting).flat_map(|g| &g.copies);
    let way = |copy: &Copy| match seen.of(copy) {
        Health::Ready => Some(Way {
            id: copy.id.clone(),
            variant: copy.variant.clone(),
            weight: copy.weight / f64::from(copy.of.max(1)),
        }),
        _ => None,
    };
    copies.filter_map(way).collect()
}
