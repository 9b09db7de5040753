//! The types of resources: one file each, one line in [`KINDS`].

mod api_destination;
mod bucket;
mod build_project;
mod connection;
mod event_archive;
mod event_bus;
mod event_bus_policy;
mod event_rule;
mod image_repository;
mod model_package_group;
mod queue;
mod queue_policy;
mod role;
mod schedule;
mod schedule_group;
mod state_machine;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;
use trainyard_domain::{Arn, Principal, Scope};
use trainyard_lang::template::{Physical, Resource};

use super::{
    Error, Made, Neighbours,
    plan::Target,
    shape::{Misfit, Shape},
};

/// One type. Everything but the room's own verbs is pure, so that a whole stack is planned before anything is done.
#[async_trait]
pub(super) trait Kind: Send + Sync {
    /// `AWS::S3::Bucket`.
    fn name(&self) -> &'static str;

    /// The properties that are honoured.
    fn shape(&self) -> Shape;

    /// What the resource will be: its name and attributes, which follow from its properties, and the properties with
    /// all names filled in.
    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit>;

    /// What can be said to be wrong with it before it is made, for what only the room knows.
    fn check(&self, _: &Neighbours, _: &Scope, _: &Made) -> Vec<Misfit> {
        Vec::new()
    }

    /// Whether there is such a thing already.
    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error>;

    /// Makes the thing be as it is described. Doing it again changes nothing.
    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error>;

    /// Removes the thing. Nothing happens if it is not there.
    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error>;
}

/// Which resource of which stack is planned.
pub(super) struct Order<'a> {
    /// Where.
    pub scope: &'a Scope,
    /// The stack's ARN.
    pub stack: &'a Arn,
    /// The resource's name in the template.
    pub logical_id: &'a str,
}

impl<'a> Order<'a> {
    pub(super) fn of(target: &Target<'a>, resource: &'a Resource) -> Self {
        Self { scope: target.scope, stack: target.stack, logical_id: &resource.logical_id }
    }
}

/// A step: for whom, where, and with which resource.
pub(super) struct Call<'a> {
    /// Who deploys.
    pub by: &'a Principal,
    /// Where.
    pub scope: &'a Scope,
    /// The resource, planned.
    pub made: &'a Made,
    /// What it was planned as before. After a step that failed or a crash it may be either, or in between.
    pub before: Option<&'a Made>,
}

/// All types.
static KINDS: &[&dyn Kind] = &[
    &api_destination::ApiDestination,
    &bucket::Bucket,
    &build_project::BuildProject,
    &connection::Connection,
    &event_archive::EventArchive,
    &event_bus::EventBus,
    &event_bus_policy::EventBusPolicy,
    &event_rule::EventRule,
    &image_repository::ImageRepository,
    &model_package_group::ModelPackageGroup,
    &queue::Queue,
    &queue_policy::QueuePolicy,
    &role::Role,
    &schedule::Schedule,
    &schedule_group::ScheduleGroup,
    &state_machine::StateMachine,
];

/// The type of that name.
pub(super) fn of(name: &str) -> Option<&'static dyn Kind> {
    KINDS.iter().copied().find(|kind| kind.name() == name)
}

/// The names of all types, and of SAM's, which become some of these.
pub(super) fn names() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.name()).chain(["AWS::Serverless::StateMachine"]).collect()
}

/// What a resource is in the world.
fn physical<const N: usize>(id: &str, attributes: [(&str, String); N]) -> Physical {
    let attributes: BTreeMap<String, String> =
        attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Physical { id: id.to_owned(), attributes }
}

/// The properties with the name that was decided on.
fn named(properties: &Value, member: &str, name: &str) -> Value {
    let mut properties = properties.clone();
    properties[member] = name.into();
    properties
}
