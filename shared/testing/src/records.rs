//! One workflow's recoveries and quarantines, as the log in memory holds them.

use alims_domain::identifiers::Version;
use alims_domain::quarantine::{BreakFound, BreakId, QuarantineEntry};
use alims_domain::recovery::records::{RecoveryAttempt, RecoveryRecord, UnreadableRecovery};
use std::collections::BTreeMap;

/// One workflow's records.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) attempts: BTreeMap<(Version, u32), RecoveryAttempt>,
    /// An outcome without a claim is kept and shown to nobody, as a store would.
    pub(crate) unclaimed: BTreeMap<(Version, u32), RecoveryRecord>,
    pub(crate) quarantine: BTreeMap<(BreakId, bool), QuarantineEntry>,
    /// Entries that cannot be read, of either kind of record.
    pub(crate) unreadable_quarantines: Vec<BreakFound>,
    pub(crate) unreadable_recoveries: Vec<UnreadableRecovery>,
}

impl Records {
    /// The names of the entries, in the order in which a store would walk them.
    pub(crate) fn entries(&self) -> Vec<String> {
        let claims = self.attempts.keys().map(|(version, attempt)| format!("a{version:010}{attempt:010}"));
        claims.chain(self.quarantine.keys().map(|(id, released)| format!("q{}{released}", id.as_str()))).collect()
    }
}
