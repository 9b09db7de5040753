//! The rooms: what Trainyard does.
//!
//! Each folder is a room with the same furniture: `mod.rs` is the door (what the room is for, its verbs),
//! `decide.rs` is pure, `query.rs` reads, `watch.rs` is its loop. Rooms stand in a one-way order and an earlier
//! room never calls a later one: it tells an event in the same commit, and the bus brings the news.
//!
//! audit, identity < bus < connections < hooks < logs < artifacts < repositories < images < jobs < builds < registry < approvals
//! < endpoints < executions < queues < schedules < stacks < tasks, targets

pub mod approvals;
pub mod artifacts;
pub mod audit;
pub mod builds;
pub mod bus;
mod clock;
pub mod connections;
pub mod endpoints;
pub mod executions;
pub mod given_up;
pub mod ground;
pub mod hooks;
pub mod identity;
pub mod images;
pub mod jobs;
mod left;
pub mod listing;
pub mod logs;
pub mod patience;
pub mod policy;
pub mod queues;
pub mod refusal;
pub mod registry;
pub mod repositories;
pub mod schedules;
pub mod shape;
pub mod stacks;
pub mod targets;
pub mod tasks;
#[cfg(test)]
mod unreadable;
pub mod violations;
pub mod work;

/// All rooms, as the faces and the wiring hold them. Each room is one line here.
pub struct Services {
    /// What they all stand on.
    pub ground: ground::Ground,
    /// Questions that wait for a person.
    pub approvals: approvals::Approvals,
    /// Projects and their builds.
    pub builds: builds::Builds,
    /// Buses, rules, events.
    pub bus: bus::Bus,
    /// How other people's HTTP APIs are spoken to.
    pub connections: connections::Connections,
    /// Other systems' calls.
    pub hooks: hooks::Hooks,
    /// State machines and their executions.
    pub executions: executions::Executions,
    /// Repositories, blobs, manifests, tags.
    pub images: images::Images,
    /// Buckets and objects.
    pub artifacts: artifacts::Artifacts,
    /// Who is who.
    pub identity: identity::Identity,
    /// What jobs, builds and endpoints print.
    pub logs: logs::Logs,
    /// Templates, deployed.
    pub stacks: stacks::Stacks,
    /// Queues and their messages.
    pub queues: queues::Queues,
    /// Schedules and their groups.
    pub schedules: schedules::Schedules,
    /// The built-in git host.
    pub repositories: repositories::Repositories,
    /// Training, processing, the runs of builds.
    pub jobs: jobs::Jobs,
    /// Model packages and their groups.
    pub registry: registry::Registry,
    /// Models, configurations, endpoints.
    pub endpoints: endpoints::Endpoints,
}
