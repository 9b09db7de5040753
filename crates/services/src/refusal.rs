//! What every room's error tells the faces and the tasks.

use trainyard_domain::Kind;

/// A room's error: one enum per room implements this. Its `Display` is the message for the user.
pub trait Refusal: std::error::Error + Send + Sync {
    /// What kind of trouble it is.
    fn kind(&self) -> Kind;

    /// The name that AWS's API gives it, such as `ExecutionAlreadyExists` or `ValidationException`: clients and
    /// `Catch` clauses depend on it.
    fn code(&self) -> &'static str;

    /// What to do about it, where we know.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// The code for trouble that is the store's, whatever the room. `Invalid` is a token for the next page that nobody gave:
/// rooms whose services have another code for that say so themselves.
pub fn store_code(error: &trainyard_store::Error) -> &'static str {
    match error.kind() {
        Kind::Invalid => "ValidationException",
        Kind::Conflict => "ConflictException",
        Kind::Unavailable => "ServiceUnavailable",
        _ => "InternalFailure",
    }
}

/// Whether trouble of this kind may pass by itself, so that the same thing is worth trying again.
pub fn is_passing(error: &dyn Refusal) -> bool {
    match error.kind() {
        Kind::Busy | Kind::Unavailable | Kind::Timeout | Kind::Internal | Kind::Conflict => true,
        Kind::Invalid | Kind::NotFound | Kind::Exists | Kind::Forbidden | Kind::Unauthenticated => false,
    }
}
