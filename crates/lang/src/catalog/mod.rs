//! AWS's services as Step Functions names them: operations, the shapes of what goes in and comes out, error names.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html>
//!
//! The facts are made by `scripts/catalog` from AWS's public service models and are packed into the binary, a block
//! for each service. Nothing is unpacked before somebody asks: the first question reads the index, the first about
//! a service its block, and both stay.

mod archive;
mod check;
mod facts;
mod shape;
#[cfg(test)]
mod tests;

pub use archive::{Operation, Service, service, services};
pub use check::{Flaw, Mismatch, Rigour};
pub use shape::{Bounds, Kind, Member, Naming, Shape};
