//! Whole executions on a real store, with a clock that stands still until it is moved.

mod approval;
mod crash;
mod desk;
mod lives;
mod machines;
mod trials;
mod world;

use desk::Desk;
