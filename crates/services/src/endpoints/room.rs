//! The room's verbs.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use serde_json::Value;
use trainyard_domain::{Arn, Principal, Scope, ports::ServingDriver};
use trainyard_store::{Changes, Expect, Held, List, Noun, WorkItem};

use super::{
    ConfigRequest, EndpointConfig, Error, Generation, Model, ModelRequest, describe,
    endpoint::{Copy, Endpoint, Status, copy_id},
    route::Traffic,
    told, watch,
};
use crate::{
    artifacts::Artifacts,
    audit,
    ground::{Ground, scope_key},
    identity::Identity,
    images::Images,
    jobs::{Tag, check_name},
    listing::{self, Listing},
    logs::Logs,
    registry::Registry,
};

/// The room.
#[derive(Clone)]
pub struct Endpoints {
    pub(super) ground: Ground,
    pub(super) driver: Arc<dyn ServingDriver>,
    pub(super) images: Images,
    pub(super) artifacts: Artifacts,
    pub(super) registry: Registry,
    pub(super) logs: Logs,
    pub(super) identity: Identity,
    pub(super) traffic: Traffic,
    pub(super) config: EndpointsConfig,
}

/// Where endpoints find things.
#[derive(Clone, Debug)]
pub struct EndpointsConfig {
    /// Below this, each copy has its model's files.
    pub directory: PathBuf,
    /// Where a model reaches the server.
    pub endpoint: String,
}

/// In whose name something is asked for, and where.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// Where.
    pub scope: &'a Scope,
    /// The task token, if a task asks: the same call made again with it changes nothing again.
    pub token: Option<&'a str>,
}

/// The rooms and drivers that the room stands on.
pub struct Neighbours {
    /// Who serves.
    pub driver: Arc<dyn ServingDriver>,
    /// Where images are.
    pub images: Images,
    /// Where models are.
    pub artifacts: Artifacts,
    /// Where versions are.
    pub registry: Registry,
    /// Where lines go.
    pub logs: Logs,
    /// Who gives credentials.
    pub identity: Identity,
}

impl Endpoints {
    /// The room.
    pub fn new(ground: Ground, there: Neighbours, config: EndpointsConfig) -> Self {
        let Neighbours { driver, images, artifacts, registry, logs, identity } = there;
        Self {
            ground,
            driver,
            images,
            artifacts,
            registry,
            logs,
            identity,
            traffic: Traffic::default(),
            config,
        }
    }

    /// CreateModel.
    pub async fn create_model(&self, by: Caller<'_>, request: ModelRequest) -> Result<Model, Error> {
        let container = request.container()?.clone();
        let role = request.execution_role_arn.as_ref();
        if role.is_some_and(|role| role.account != by.scope.account.as_str()) {
            return Err(Error::StrangeRole);
        }
        let arn = Arn::new("sagemaker", by.scope, format!("model/{}", request.model_name.to_lowercase()));
        if let Some(there) =
            self.same(by, &request.model_name, |model: &Model| model.token.as_deref()).await?
        {
            return Ok(there);
        }
        let mut model = Model {
            scope: by.scope.clone(),
            name: request.model_name.clone(),
            arn,
            image: container.image.clone().unwrap_or_default(),
            data: container.model_data_url.clone(),
            environment: container.environment.clone(),
            token: by.token.map(str::to_owned),
            principal: by.principal.clone(),
            created: self.ground.now(),
            request,
        };
        if let Some(package) = &container.model_package_name {
            self.unpack(&mut model, package).await?;
        }
        if model.image.is_empty() {
            return Err(Error::Invalid("a container needs `Image` or `ModelPackageName`".to_owned()));
        }
        self.make(by, &model, ("sagemaker:CreateModel", "model", &model.arn)).await?;
        Ok(model)
    }

    /// Takes image, model and variables from a version of the registry.
    async fn unpack(&self, model: &mut Model, package: &str) -> Result<(), Error> {
        let held = self
            .registry
            .find(&model.scope.account, package)
            .await
            .map_err(|e| Error::Invalid(e.to_string()))?;
        let container = held.value.container().ok_or_else(|| {
            Error::Invalid(format!(
                "the model package {package} has no inference specification: it cannot be served"
            ))
        })?;
        // By digest, where it is known: a tag may have moved since the version was approved.
        model.image = container.pinned_image();
        model.data = container.model_data_url.clone();
        let own = std::mem::take(&mut model.environment);
        model.environment = container.environment;
        model.environment.extend(own);
        Ok(())
    }

    /// CreateEndpointConfig.
    pub async fn create_config(
        &self,
        by: Caller<'_>,
        request: ConfigRequest,
    ) -> Result<EndpointConfig, Error> {
        request.check()?;
        let name = request.endpoint_config_name;
        if let Some(there) = self.same(by, &name, |config: &EndpointConfig| config.token.as_deref()).await? {
            return Ok(there);
        }
        for variant in &request.production_variants {
            self.model(by.scope, &variant.model_name).await?;
        }
        let config = EndpointConfig {
            scope: by.scope.clone(),
            arn: Arn::new("sagemaker", by.scope, format!("endpoint-config/{}", name.to_lowercase())),
            name,
            variants: request.production_variants,
            tags: request.tags,
            token: by.token.map(str::to_owned),
            principal: by.principal.clone(),
            created: self.ground.now(),
        };
        self.make(by, &config, ("sagemaker:CreateEndpointConfig", "endpoint configuration", &config.arn))
            .await?;
        Ok(config)
    }

    /// What the same call made before, if it was made before and its task does not know.
    async fn same<T: Noun>(
        &self,
        by: Caller<'_>,
        name: &str,
        token: fn(&T) -> Option<&str>,
    ) -> Result<Option<T>, Error> {
        if by.token.is_none() {
            return Ok(None);
        }
        let held = self.ground.store.get::<T>(&scope_key(by.scope), name).await?;
        Ok(held.map(|held| held.value).filter(|there| token(there) == by.token))
    }

    async fn make<T: Noun>(&self, by: Caller<'_>, thing: &T, act: (&str, &str, &Arn)) -> Result<(), Error> {
        let (action, what, arn) = act;
        let mut changes = Changes::new();
        changes.put(thing, Expect::Absent)?;
        audit::note(&mut changes, &self.ground, by.principal, action, arn)?;
        match self.ground.store.commit(changes).await {
            Err(trainyard_store::Error::Conflict(_)) => Err(Error::exists(what, arn)),
            other => Ok(other?),
        }
    }

    /// CreateEndpoint.
    pub async fn create(
        &self,
        by: Caller<'_>,
        name: &str,
        config: &str,
        tags: Vec<Tag>,
    ) -> Result<Endpoint, Error> {
        check_name("endpointName", name).map_err(|e| Error::Invalid(e.to_string()))?;
        if let Some(there) = self.same(by, name, |endpoint: &Endpoint| endpoint.token.as_deref()).await? {
            return Ok(there);
        }
        let now = self.ground.now();
        let mut endpoint = Endpoint {
            scope: by.scope.clone(),
            name: name.to_owned(),
            arn: Arn::new("sagemaker", by.scope, format!("endpoint/{}", name.to_lowercase())),
            status: Status::Creating,
            failure: None,
            down: BTreeMap::new(),
            current: None,
            next: None,
            leaving: Vec::new(),
            generations: 0,
            tags,
            token: by.token.map(str::to_owned),
            principal: by.principal.clone(),
            created: now,
            modified: now,
        };
        endpoint.next = Some(self.generation(&mut endpoint, config).await?);
        match self.change(by.principal, &endpoint, Expect::Absent, "sagemaker:CreateEndpoint").await {
            Err(Error::Store(trainyard_store::Error::Conflict(_))) => {
                Err(Error::exists("endpoint", &endpoint.arn))
            }
            other => other.map(|()| endpoint),
        }
    }

    /// UpdateEndpoint: the next generation comes up beside the one that serves.
    pub async fn update(&self, by: Caller<'_>, name: &str, config: &str) -> Result<Endpoint, Error> {
        loop {
            let held = self.find(by.scope, name).await?;
            let mut endpoint = held.value;
            if by.token.is_some() && endpoint.token.as_deref() == by.token {
                return Ok(endpoint);
            }
            if !endpoint.status.may_become(Status::Updating) {
                let status = endpoint.status;
                return Err(Error::Invalid(format!(
                    "Cannot update in-progress endpoint \"{}\" ({status:?}).",
                    endpoint.arn
                )));
            }
            endpoint.next = Some(self.generation(&mut endpoint, config).await?);
            endpoint.status = Status::Updating;
            endpoint.token = by.token.map(str::to_owned);
            endpoint.modified = self.ground.now();
            match self
                .change(by.principal, &endpoint, Expect::Version(held.version), "sagemaker:UpdateEndpoint")
                .await
            {
                Err(Error::Store(trainyard_store::Error::Conflict(_))) => {}
                other => return other.map(|()| endpoint),
            }
        }
    }

    /// DeleteEndpoint.
    pub async fn delete(&self, who: &Principal, scope: &Scope, name: &str) -> Result<(), Error> {
        loop {
            let held = self.find(scope, name).await?;
            let mut endpoint = held.value;
            if endpoint.status == Status::Deleting {
                return Ok(());
            }
            endpoint.status = Status::Deleting;
            endpoint.modified = self.ground.now();
            match self.change(who, &endpoint, Expect::Version(held.version), "sagemaker:DeleteEndpoint").await
            {
                Err(Error::Store(trainyard_store::Error::Conflict(_))) => {}
                other => return other,
            }
        }
    }

    async fn change(
        &self,
        who: &Principal,
        endpoint: &Endpoint,
        expect: Expect,
        action: &str,
    ) -> Result<(), Error> {
        let mut changes = Changes::new();
        changes.put(endpoint, expect)?;
        changes.schedule(WorkItem::now(watch::TOPIC, watch::work_id(endpoint), ""));
        told::tell(&mut changes, endpoint)?;
        audit::note(&mut changes, &self.ground, who, action, &endpoint.arn)?;
        Ok(self.ground.store.commit(changes).await?)
    }

    /// The generation of an endpoint that a configuration asks for.
    async fn generation(&self, endpoint: &mut Endpoint, config: &str) -> Result<Generation, Error> {
        let config = self.config(&endpoint.scope, config).await?;
        endpoint.generations += 1;
        let (generation, arn, made) = (endpoint.generations, endpoint.arn.clone(), endpoint.created);
        let numbered =
            config.variants.iter().flat_map(|v| (0..v.initial_instance_count).map(move |n| (v, n)));
        let copies = numbered.map(|(variant, number)| {
            let id = copy_id(&arn, made, generation, (&variant.variant_name, number));
            Ok(Copy {
                id: id
                    .try_into()
                    .map_err(|e: trainyard_domain::job::NotAnId| Error::Trouble(e.to_string()))?,
                variant: variant.variant_name.clone(),
                model: variant.model_name.clone(),
                instance_type: variant.instance_type.clone(),
                weight: variant.initial_variant_weight,
                of: variant.initial_instance_count,
            })
        });
        let copies = copies.collect::<Result<Vec<_>, Error>>()?;
        Ok(Generation { config: config.name, since: self.ground.now(), copies })
    }

    /// The endpoint.
    pub async fn find(&self, scope: &Scope, name: &str) -> Result<Held<Endpoint>, Error> {
        let arn = Arn::new("sagemaker", scope, format!("endpoint/{}", name.to_lowercase()));
        self.ground.store.get(&scope_key(scope), name).await?.ok_or_else(|| Error::missing("endpoint", &arn))
    }

    /// The model.
    pub async fn model(&self, scope: &Scope, name: &str) -> Result<Model, Error> {
        let arn = Arn::new("sagemaker", scope, format!("model/{}", name.to_lowercase()));
        let held = self.ground.store.get(&scope_key(scope), name).await?;
        held.map(|held: Held<Model>| held.value).ok_or_else(|| Error::missing("model", &arn))
    }

    /// The configuration.
    pub async fn config(&self, scope: &Scope, name: &str) -> Result<EndpointConfig, Error> {
        let arn = Arn::new("sagemaker", scope, format!("endpoint-config/{}", name.to_lowercase()));
        let held = self.ground.store.get(&scope_key(scope), name).await?;
        held.map(|held: Held<EndpointConfig>| held.value)
            .ok_or_else(|| Error::missing("endpoint configuration", &arn))
    }

    /// Removes a model. What serves it goes on serving it.
    pub async fn delete_model(&self, who: &Principal, scope: &Scope, name: &str) -> Result<(), Error> {
        let model = self.model(scope, name).await?;
        self.remove::<Model>(who, scope, (name, "sagemaker:DeleteModel", &model.arn)).await
    }

    /// Removes a configuration. What serves by it goes on serving.
    pub async fn delete_config(&self, who: &Principal, scope: &Scope, name: &str) -> Result<(), Error> {
        let config = self.config(scope, name).await?;
        self.remove::<EndpointConfig>(who, scope, (name, "sagemaker:DeleteEndpointConfig", &config.arn)).await
    }

    async fn remove<T: Noun>(
        &self,
        who: &Principal,
        scope: &Scope,
        act: (&str, &str, &Arn),
    ) -> Result<(), Error> {
        let (name, action, arn) = act;
        let mut changes = Changes::new();
        changes.delete::<T>(&scope_key(scope), name, Expect::Any);
        audit::note(&mut changes, &self.ground, who, action, arn)?;
        Ok(self.ground.store.commit(changes).await?)
    }

    /// One page of models, configurations or endpoints by creation, and the next page's cursor.
    pub async fn list<T: Noun>(
        &self,
        scope: &Scope,
        listing: &Listing,
    ) -> Result<(Vec<T>, Option<String>), Error> {
        let list = List::in_scope(scope_key(scope)).by("created");
        Ok(listing::page(&self.ground.store, list, listing, |item: &T| listing.names(&item.id())).await?)
    }

    /// The endpoint as DescribeEndpoint shows it, times in milliseconds.
    pub fn describe(&self, endpoint: &Endpoint) -> Value {
        describe::endpoint(endpoint)
    }

    /// Ends all that serves, without forgetting it: for the end of the server. The next start brings it back.
    pub async fn rest(&self) -> Result<usize, Error> {
        let running = self.driver.list().await?;
        for id in &running {
            self.driver.remove(id).await?;
        }
        Ok(running.len())
    }
}
