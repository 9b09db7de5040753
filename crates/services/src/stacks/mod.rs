//! Stacks: a template deployed as a whole, or not at all.
//!
//! A deployment is planned before anything is done: the template is read and expanded, every value is resolved (all
//! names and ARNs follow from the template, so that none must be waited for), and everything that is wrong is reported
//! at once. The plan is stored with the stack and then carried out step by step; every step makes a thing be as it
//! should, so that after a crash the plan is simply carried out again. When a step fails, the resources of the last
//! good state are brought back in the same way. Executions that run keep the definition they began with.
//!
//! A type of resource is one file in `resources/`. What a type does not honour is refused by name.
//! Start with [`Stack`] (what is remembered), `plan.rs` and `decide.rs` (pure), then `act.rs` (the loop).

mod act;
mod decide;
mod error;
mod names;
mod plan;
mod resources;
mod room;
mod shape;
mod stack;
#[cfg(test)]
mod tests;
mod told;

pub use act::Act;
pub use decide::{Action, Change};
pub use error::Error;
pub use room::{Deployed, Deployment, Neighbours, Stacks};
pub use stack::{Made, Moment, Output, Stack, Status};
