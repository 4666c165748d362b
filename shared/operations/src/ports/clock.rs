//! Time and fresh ids: the two things the domain cannot make up itself.

use alims_domain::timestamp::Timestamp;
use uuid::Uuid;

/// Tells the server's time.
pub trait Clock: Send + Sync {
    /// The present instant, UTC. It may step backwards; the operations see to it that versions do not.
    fn now(&self) -> Timestamp;
}

/// Makes fresh ids.
pub trait Ids: Send + Sync {
    /// A new UUIDv7: no two calls anywhere give the same.
    fn fresh(&self) -> Uuid;
}
