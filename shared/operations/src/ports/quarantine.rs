//! The quarantine record, stored next to the versions.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::quarantine::{QuarantineEntry, QuarantineRecord};
use std::future::Future;

use crate::ports::failure::StoreError;

/// Quarantines and releases of workflows. The port cannot change or remove one.
///
/// Every read sees every write that was acknowledged before it (strong consistency).
pub trait QuarantineLog: Send + Sync {
    /// The quarantine record of a workflow. An adapter MUST page through its store until it is complete, and MUST
    /// return each unreadable entry as a break of its own.
    fn quarantine(&self, key: &WorkflowKey) -> impl Future<Output = Result<QuarantineRecord, StoreError>> + Send;

    /// Records a quarantine or a release, unless it is recorded already: each break has at most one entry of either
    /// kind. The first one stays, and an adapter MUST return the stored one. When an unreadable entry occupies its
    /// place, an adapter MUST store the new one next to it, with `beside` set to the hash of the unreadable entry.
    fn record_quarantine(
        &self,
        entry: &QuarantineEntry,
    ) -> impl Future<Output = Result<QuarantineEntry, StoreError>> + Send;
}
