//! Appending a version that was decided on.

use alims_domain::event::WorkflowEvent;
use alims_domain::idempotency::{Known, RepeatableRequest};
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;

use crate::ports::{AppendError, Clock, StoreError, WorkflowLog};

/// An accepted version, made now or by an earlier request with the same key.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The version's event; the workflow's state follows from it.
    pub event: WorkflowEvent,
    /// Whether an earlier request had made it.
    pub repeated: bool,
}

/// What became of an append.
pub(crate) enum Appended {
    /// It is in the log: by this call, or by an earlier one with the same key.
    Yes(Box<Accepted>),
    /// Another request has the version; the winner.
    Lost(Box<StoredVersion>),
    /// The key was used by another request that was accepted meanwhile.
    KeyReused,
}

/// Appends a version. A lost race against the very same request is no loss.
pub(crate) async fn append<L: WorkflowLog>(
    log: &L,
    version: StoredVersion,
    repeatable: Option<&RepeatableRequest>,
) -> Result<Appended, StoreError> {
    match log.append(&version).await {
        Ok(()) => Ok(Appended::Yes(Box::new(Accepted { event: version.event, repeated: false }))),
        Err(AppendError::Store(error)) => Err(error),
        Err(AppendError::VersionTaken(winner)) => {
            let known = repeatable.map_or(Known::No, |repeatable| repeatable.known_in(&winner.accepted));
            Ok(match known {
                Known::Accepted(version) if version == winner.event.version => {
                    Appended::Yes(Box::new(Accepted { event: winner.event, repeated: true }))
                }
                Known::KeyReused => Appended::KeyReused,
                Known::Accepted(_) | Known::No => Appended::Lost(winner),
            })
        }
    }
}

/// The server's time, but never earlier than the version before.
pub(crate) fn now(clock: &dyn Clock, head: Option<&WorkflowEvent>) -> Timestamp {
    let now = clock.now();
    head.map_or(now, |head| now.max(head.timestamp))
}
