//! Time and fresh ids: the two inputs that the domain cannot make.

use alims_domain::timestamp::Timestamp;
use uuid::Uuid;

/// Gives the server's time.
pub trait Clock: Send + Sync {
    /// The present instant, UTC. It may step backwards; the operations ensure that versions do not.
    fn now(&self) -> Timestamp;
}

/// Makes fresh ids.
pub trait Ids: Send + Sync {
    /// A new UUIDv7: no two calls anywhere return the same one.
    fn fresh(&self) -> Uuid;
}
