//! Records a break in the quarantine record, and counts it.

use alims_domain::quarantine::{Quarantine, QuarantineEntry};

use crate::metrics;
use crate::ports::{QuarantineLog, StoreError};

/// Records a quarantine, unless the break is recorded already. A repetition is not counted.
///
/// # Errors
/// When the log cannot be written.
pub(crate) async fn quarantine<L: QuarantineLog>(log: &L, quarantine: Quarantine) -> Result<(), StoreError> {
    let entry = QuarantineEntry::Quarantined(quarantine);
    if log.record_quarantine(&entry).await? == entry {
        metrics::QUARANTINES.add(1, &[]);
    }
    Ok(())
}
