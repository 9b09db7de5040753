//! The kinds of error that every room's error has, and that every face maps in one exhaustive match.

/// What kind of trouble an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request cannot be understood or breaks a rule.
    Invalid,
    /// The thing named does not exist.
    NotFound,
    /// A thing of that name exists already.
    Exists,
    /// The thing is in a state that does not allow this, or changed meanwhile.
    Conflict,
    /// The caller may not.
    Forbidden,
    /// The caller is not who they say, or says nothing.
    Unauthenticated,
    /// Too much at once: try again later.
    Busy,
    /// Something that we need is not there now: disk full, a driver away.
    Unavailable,
    /// It took too long.
    Timeout,
    /// Our own fault.
    Internal,
}
