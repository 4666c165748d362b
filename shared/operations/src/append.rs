//! Appends the version that a decision made.

use alims_domain::event::WorkflowEvent;
use alims_domain::idempotency::{Known, RepeatableRequest};
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;

use crate::metrics;
use crate::ports::{AppendError, Clock, StoreError, WorkflowLog};

/// An accepted version, made by this request or by an earlier one with the same key.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The version's event; the workflow's state follows from it.
    pub event: WorkflowEvent,
    /// Whether an earlier request made it.
    pub repeated: bool,
}

/// The result of an append.
pub(crate) enum Appended {
    /// The version is in the log: from this call, or from an earlier one with the same key.
    Yes(Box<Accepted>),
    /// Another request made this version; this is the winner.
    Lost(Box<StoredVersion>),
    /// Another request used the key and was accepted meanwhile.
    KeyReused,
}

/// Appends a version. When the same request won the race earlier, the append succeeds.
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
                Known::KeyReused => lost(Appended::KeyReused),
                Known::Accepted(_) | Known::No => lost(Appended::Lost(winner)),
            })
        }
    }
}

fn lost(appended: Appended) -> Appended {
    metrics::CONFLICTS.add(1, &[]);
    appended
}

/// The server's time, but never earlier than the time of the version before.
pub(crate) fn now(clock: &dyn Clock, head: Option<&WorkflowEvent>) -> Timestamp {
    let now = clock.now();
    head.map_or(now, |head| now.max(head.timestamp))
}
