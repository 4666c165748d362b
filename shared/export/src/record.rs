//! An entry as a line of the records.

use alims_domain::audit_entry::SealedAuditEntry;
use alims_domain::hashing::{NotCanonical, canonical_json};
use alims_domain::identifiers::WorkflowId;
use alims_domain::recovery::records::{RecoveryClaim, RecoveryRecord};
use alims_domain::timestamp::Timestamp;
use alims_edge::wire::{EntryKind, HistoryEntry, UnreadableEntry};
use alims_operations::get_workflow_history::HistoryItem;
use alims_operations::list_activity::ShownEntry;
use alims_operations::ports::ExportedEntry;
use serde::Serialize;

/// A line. `entry` is what the activity shows.
#[derive(Serialize)]
struct Record {
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_id: Option<WorkflowId>,
    entry: Entry,
    /// What `request_hash` of a recovery covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<RecoveryClaim>,
    /// What `outcome_hash` of a recovery covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<RecoveryRecord>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Entry {
    OfWorkflow(HistoryEntry),
    Audit(Box<SealedAuditEntry>),
}

/// The line, its end included.
pub(crate) fn line(exported: ExportedEntry) -> Result<Vec<u8>, NotCanonical> {
    let ExportedEntry { at, workflow_id, entry } = exported;
    let (request, outcome) = match &entry {
        ShownEntry::OfWorkflow(HistoryItem::Recovery(kept)) => {
            (kept.claim.clone().and_then(Result::ok), kept.outcome.clone().and_then(Result::ok))
        }
        ShownEntry::OfWorkflow(_) | ShownEntry::Audit(_) | ShownEntry::UnreadableAudit(_) => (None, None),
    };
    let entry = match entry {
        ShownEntry::OfWorkflow(item) => Entry::OfWorkflow(item.into()),
        ShownEntry::Audit(entry) => Entry::Audit(entry),
        ShownEntry::UnreadableAudit(content) => {
            Entry::OfWorkflow(HistoryEntry::Unreadable(UnreadableEntry::of(EntryKind::Audit, content)))
        }
    };
    let mut line = canonical_json(&Record { at, workflow_id, entry, request, outcome })?.as_bytes().to_vec();
    line.push(b'\n');
    Ok(line)
}
