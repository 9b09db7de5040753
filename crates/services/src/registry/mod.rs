//! The model registry: groups of model packages, their versions, and who approved what, when and why.
//!
//! Every version knows where it comes from: commit, image digest, data digests, execution, job. What is not known is
//! said to be unknown, never guessed. The room tells every change and deploys nothing.

mod describe;
mod error;
mod groups;
mod lineage;
mod package;
mod request;
mod room;

mod told;

pub use error::Error;
pub use groups::Group;
pub use package::{Approval, Decision, Package, Source};
pub use request::{PackageRequest, PackageUpdate};
pub use room::{Filter, Registry};
