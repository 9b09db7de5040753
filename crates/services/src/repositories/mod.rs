//! The built-in git host: bare repositories, and the news of every push.
//!
//! A repository is a directory that only the installed git reads and writes, and a document with the refs that were
//! told last. [`Repositories::compare`] tells the difference in the commit that puts the new refs into the document:
//! after every push, and for all repositories when the server starts, so that a push whose news was lost by a crash is
//! told then. It never looks into a repository by itself and never writes one behind git's back.
//!
//! What is told: source [`SOURCE`], detail-type [`GIT_PUSH`], resources `[<the repository's ARN>]`, detail
//! `{repository, ref, branch | tag, event, before, after, pusher}`; `event` is `created`, `updated` or `deleted`,
//! `before` is absent where the ref is new, `after` where it is gone, `pusher` is the ARN of who pushed and absent for
//! news that a crash had kept back.

mod decide;
mod error;
mod git;
mod names;
mod noun;
mod read;
mod room;
#[cfg(test)]
mod tests;

pub use decide::{Change, GIT_PULL_REQUEST, GIT_PUSH, SOURCE};
pub use error::Error;
pub use git::git;
pub use names::check_name;
pub use noun::Repository;
pub use read::{Login, checkout_foreign};
pub use room::{Place, Repositories, RepositoriesConfig};
