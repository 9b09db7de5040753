//! Faces that speak no SigV4, by the first segment of the path: one line each.

use std::{future::Future, pin::Pin};

use axum::{extract::Request, response::Response};

use super::Visit;

/// An answer on its way.
pub type Serving = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A face that checks who asks in its own way (a password, a ticket, a hook's signature).
pub struct Door {
    /// The first segment of the path.
    pub segment: &'static str,
    /// Answers, whatever the request holds. Its body has no limit yet.
    pub serve: fn(Visit, Request) -> Serving,
}

/// The doors.
pub static DOORS: &[Door] =
    &[Door { segment: "git", serve: crate::git::serve }, Door { segment: "v2", serve: crate::oci::serve }];

/// First segments of paths that no bucket may have as its name.
pub const RESERVED: &[&str] = &["v2", "git", "hooks", "ui", "health", "metrics"];

pub(super) fn by_segment(segment: &str) -> Option<&'static Door> {
    DOORS.iter().find(|door| door.segment == segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bucket_stands_in_a_door() {
        assert!(DOORS.iter().all(|door| RESERVED.contains(&door.segment)));
    }
}
