//! Reads the records of one part from the log.
//!
//! The history of a workflow is read oldest first. The activity of a period is read newest first, as the log lists it:
//! each part is turned round, and the archive takes the parts from the last to the first.

use alims_domain::export::{ExportJob, ExportSelection, OfPeriod};
use alims_domain::identifiers::WorkflowKey;
use alims_domain::limits::{EXPORT_PART_BYTES, EXPORT_PART_ENTRIES};
use alims_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::anchor_heads::begin;
use crate::get_workflow_history::{HistoryItem, HistoryPosition, HistoryQuery, Include, Unreadable, whole_page};
use crate::head::ReadWorkflowError;
use crate::list_activity::{ShownEntry, shown};
use crate::ports::{
    ActivityLog, ActivityPosition, ActivityQuery, ArchiveFormat, ExportedEntry, OverdueLog, QuarantineLog, RecoveryLog,
    StoreError, WorkflowLog,
};

/// Entries of one page.
const PAGE_ENTRIES: usize = 100;

/// Where the next part continues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReadPosition {
    /// In the history of the workflow.
    History(HistoryPosition),
    /// In the activity of the period.
    Activity(ActivityPosition),
}

/// The records of a part.
pub(crate) struct PartRead {
    /// Their lines, oldest first.
    pub(crate) lines: Vec<u8>,
    pub(crate) entries: u64,
    pub(crate) next: Option<ReadPosition>,
}

/// What the log must give.
pub trait ExportedLog: WorkflowLog + QuarantineLog + RecoveryLog + OverdueLog + ActivityLog {}

impl<L: WorkflowLog + QuarantineLog + RecoveryLog + OverdueLog + ActivityLog> ExportedLog for L {}

/// Lines of a part until it is full.
#[derive(Default)]
struct Filling {
    lines: Vec<Vec<u8>>,
    bytes: usize,
}

impl Filling {
    fn add(&mut self, format: &dyn ArchiveFormat, entry: ExportedEntry) -> Result<(), StoreError> {
        let line = format.record(entry).map_err(|error| StoreError::Refused(error.into()))?;
        self.bytes = self.bytes.saturating_add(line.len());
        self.lines.push(line);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.lines.len() >= EXPORT_PART_ENTRIES || self.bytes >= EXPORT_PART_BYTES
    }

    fn read(self, next: Option<ReadPosition>, newest_first: bool) -> PartRead {
        let entries = u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
        let mut lines = self.lines;
        if newest_first {
            lines.reverse();
        }
        PartRead { lines: lines.concat(), entries, next }
    }
}

/// Reads one part from a position on, or from the beginning, and at most so many pages of the log.
pub(crate) async fn read_part<L: ExportedLog>(
    log: &L,
    format: &dyn ArchiveFormat,
    job: &ExportJob,
    after: Option<ReadPosition>,
    pages: usize,
) -> Result<PartRead, StoreError> {
    match (&job.selection, job.workflow()) {
        (ExportSelection::Workflow(_), Some(key)) => {
            let after = match after {
                Some(ReadPosition::History(after)) => after,
                Some(ReadPosition::Activity(_)) | None => HistoryPosition::default(),
            };
            of_workflow(log, format, (job, &key), after, pages).await
        }
        (ExportSelection::Period(period), _) => {
            let after = match after {
                Some(ReadPosition::Activity(after)) => Some(after),
                Some(ReadPosition::History(_)) | None => None,
            };
            of_period(log, format, (job, period), after, pages).await
        }
        (ExportSelection::Workflow(_), None) => Err(StoreError::Refused("a job without its workflow".into())),
    }
}

async fn of_workflow<L: ExportedLog>(
    log: &L,
    format: &dyn ArchiveFormat,
    (job, key): (&ExportJob, &WorkflowKey),
    mut after: HistoryPosition,
    pages: usize,
) -> Result<PartRead, StoreError> {
    let include = Include { refusals: true, quarantines: true, recoveries: true, changes: false, overdue: true };
    let mut filling = Filling::default();
    for _page in 0..pages {
        let query = HistoryQuery { include, after, limit: PAGE_ENTRIES };
        let page = match whole_page(log, key, &query, job.head.is_some()).await {
            Ok(page) => page,
            Err(ReadWorkflowError::Store(error)) => return Err(error),
            Err(error @ (ReadWorkflowError::Forbidden(_) | ReadWorkflowError::Quarantined(_))) => {
                return Err(StoreError::Refused(error.into()));
            }
            Err(ReadWorkflowError::NotFound) => return Ok(filling.read(None, false)),
        };
        let mut behind = after;
        for item in page.items {
            behind = behind.behind(&item);
            if is_within(job, &item) {
                let (at, workflow_id) = (instant(&item), Some(key.workflow_id.clone()));
                filling.add(format, ExportedEntry { at, workflow_id, entry: ShownEntry::OfWorkflow(item) })?;
            }
            if filling.is_full() {
                // The rest of the page is read again: a position stands behind one item.
                return Ok(filling.read(Some(ReadPosition::History(behind)), false));
            }
        }
        match page.next {
            Some(next) => after = next,
            None => return Ok(filling.read(None, false)),
        }
    }
    Ok(filling.read(Some(ReadPosition::History(after)), false))
}

/// Versions are cut by their number, everything else by its time: a server's clock may be ahead of another's.
fn is_within(job: &ExportJob, item: &HistoryItem) -> bool {
    let last = job.head.as_ref().map(|head| head.version);
    match item {
        HistoryItem::Version(event) => last.is_some_and(|last| event.version <= last),
        HistoryItem::Unreadable(Unreadable::Version { version, .. }) => last.is_some_and(|last| *version <= last),
        HistoryItem::Refusal(_)
        | HistoryItem::Quarantined(_)
        | HistoryItem::Released(_)
        | HistoryItem::Recovery(_)
        | HistoryItem::Overdue(_)
        | HistoryItem::Unreadable(_) => instant(item).is_none_or(|at| at < job.cut),
    }
}

/// The entry's own time, where it says one.
fn instant(item: &HistoryItem) -> Option<Timestamp> {
    match item {
        HistoryItem::Version(event) => Some(event.timestamp),
        HistoryItem::Refusal(refusal) => Some(refusal.timestamp),
        HistoryItem::Quarantined(entry) => Some(entry.timestamp),
        HistoryItem::Released(entry) => Some(entry.timestamp),
        HistoryItem::Overdue(entry) => Some(entry.timestamp),
        HistoryItem::Recovery(kept) => match &kept.claim {
            Some(Ok(claim)) => Some(claim.claimed_at),
            Some(Err(_)) | None => None,
        },
        HistoryItem::Unreadable(_) => None,
    }
}

async fn of_period<L: ExportedLog>(
    log: &L,
    format: &dyn ArchiveFormat,
    (job, period): (&ExportJob, &OfPeriod),
    mut after: Option<ActivityPosition>,
    pages: usize,
) -> Result<PartRead, StoreError> {
    let mut filling = Filling::default();
    for _page in 0..pages {
        let query = ActivityQuery {
            tenant_id: job.tenant_id.clone(),
            // No entry is older: to walk through each day of earlier centuries would take hours.
            from: period.from.max(begin()),
            to: period.to.min(job.cut),
            principal: period.principal.clone(),
            kind: period.kind,
            after: after.clone(),
            limit: PAGE_ENTRIES,
        };
        let page = log.activity(&query).await?;
        for item in page.items {
            let (at, workflow_id) = (Some(item.at), item.workflow_id);
            filling.add(format, ExportedEntry { at, workflow_id, entry: shown(item.entry) })?;
            if filling.is_full() {
                return Ok(filling.read(Some(ReadPosition::Activity(item.position)), true));
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(filling.read(None, true)),
        }
    }
    Ok(filling.read(after.map(ReadPosition::Activity), true))
}
