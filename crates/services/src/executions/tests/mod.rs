//! Whole executions on a real store, with a clock that stands still until it is moved.

mod approval;
mod crash;
mod desk;
mod lives;
mod machines;
mod map_runs;
mod world;

use desk::Desk;
