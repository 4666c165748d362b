//! The record of quarantines, kept beside the versions.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::quarantine::{QuarantineEntry, QuarantineRecord};
use std::future::Future;

use crate::ports::failure::StoreError;

/// Quarantines and releases of workflows. None is changed or removed.
///
/// Every read sees every write that was answered before it (strong consistency).
pub trait QuarantineLog: Send + Sync {
    /// All that is recorded of a workflow. An adapter MUST page through its store until it has it, and MUST give what it
    /// cannot read as a break of its own.
    fn quarantine(&self, key: &WorkflowKey) -> impl Future<Output = Result<QuarantineRecord, StoreError>> + Send;

    /// Records that a break was found, or released, unless that is recorded already: for each break there is at most
    /// one entry of either kind. The first one stays, and an adapter MUST give back the one that is there. Where an entry
    /// that cannot be read has its place, an adapter MUST keep it beside that one, with `beside` set to the hash of it.
    fn record_quarantine(
        &self,
        entry: &QuarantineEntry,
    ) -> impl Future<Output = Result<QuarantineEntry, StoreError>> + Send;
}
