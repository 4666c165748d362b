//! The record of quarantines, kept beside the versions.

use std::future::Future;

use crate::identifiers::WorkflowKey;
use crate::ports::StoreError;
use crate::quarantine::{QuarantineEntry, QuarantineRecord};

/// Quarantines and releases of workflows. None is changed or removed.
///
/// Every read sees every write that was answered before it (strong consistency).
pub trait QuarantineLog: Send + Sync {
    /// All that is recorded of a workflow. An adapter MUST page through its store until it has it, and MUST NOT leave
    /// out what it cannot read.
    fn quarantine(&self, key: &WorkflowKey) -> impl Future<Output = Result<QuarantineRecord, StoreError>> + Send;

    /// Records that a break was found, or released, unless that is recorded already: for each break there is at most
    /// one entry of either kind. The first one stays, and an adapter MUST give back the one that is there.
    fn record_quarantine(
        &self,
        entry: &QuarantineEntry,
    ) -> impl Future<Output = Result<QuarantineEntry, StoreError>> + Send;
}
