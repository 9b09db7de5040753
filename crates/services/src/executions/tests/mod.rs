//! Whole executions on a real store, with a clock that stands still until it is moved.

mod activities;
mod approval;
mod crash;
mod damage;
mod desk;
mod express;
mod journals;
mod lives;
mod machines;
mod map_runs;
mod nested;
mod redrives;
mod spill;
mod trials;
mod versions;
mod world;

use desk::Desk;
