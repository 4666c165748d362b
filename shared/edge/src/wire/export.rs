//! An export as callers see it.

use alims_domain::export::{ExportFailure, ExportId, ExportSelection};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{PrincipalId, Reason};
use alims_domain::timestamp::Timestamp;
use alims_operations::get_export::ExportFound;
use serde::Serialize;

/// An export of records: what was asked for, how far it is, and where its archive can be downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Export {
    /// The id.
    pub export_id: ExportId,
    /// How far it is.
    pub status: ExportStatus,
    /// The records.
    #[cfg_attr(feature = "openapi", schema(value_type = SelectedRecords))]
    pub selection: ExportSelection,
    /// Why it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Who asked for it.
    pub requested_by: PrincipalId,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// The number of entries; of a running export those so far.
    pub entries: u64,
    /// The size of the archive in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The SHA-256 of the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<ChainHash>,
    /// Why there is no archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<ExportProblem>,
    /// The address of the archive. It needs no token and works until `download_expires_at`: read the export again to
    /// get another one, and give it to no one who may not have the records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_url: Option<String>,
    /// Until when the address works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_expires_at: Option<Timestamp>,
}

/// The records that an export holds: every entry of a workflow, or those of a period. The document says so in one object,
/// because no one member tells the two apart.
#[cfg(feature = "openapi")]
#[derive(Debug, utoipa::ToSchema)]
#[schema(as = ExportSelection)]
pub struct SelectedRecords {
    /// Every entry of this workflow. Absent of a period.
    pub workflow_id: Option<alims_domain::identifiers::WorkflowId>,
    /// Entries of this instant or later. Absent of a workflow.
    pub from: Option<Timestamp>,
    /// Entries before this instant. Absent of a workflow.
    pub to: Option<Timestamp>,
    /// Only what this principal did. Absent: everybody.
    pub principal: Option<PrincipalId>,
    /// Only entries of this kind. Absent: every kind.
    pub kind: Option<alims_domain::activity::ActivityKind>,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum ExportStatus {
    /// The archive is being made.
    Running,
    /// The archive can be downloaded.
    Completed,
    /// There is no archive, and there will be none.
    Failed,
}

/// Why an export has no archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportProblem {
    /// The kind, for programs.
    pub code: ExportFailure,
    /// What is wrong and what to do, for people.
    pub detail: String,
}

impl From<ExportFound> for Export {
    fn from(found: ExportFound) -> Self {
        let ExportFound { job, entries, ending, link } = found;
        let archive = ending.as_ref().and_then(|ending| ending.archive.clone());
        let failure = ending.as_ref().and_then(|ending| ending.failure);
        let status = match (&archive, failure) {
            (Some(_), _) => ExportStatus::Completed,
            (None, Some(_)) => ExportStatus::Failed,
            (None, None) => ExportStatus::Running,
        };
        Self {
            export_id: job.export_id,
            status,
            selection: job.selection,
            reason: job.reason,
            requested_by: job.requested_by,
            requested_at: job.requested_at,
            completed_at: ending.map(|ending| ending.ended_at),
            entries,
            bytes: archive.as_ref().map(|archive| archive.bytes),
            sha256: archive.map(|archive| archive.sha256),
            failure: failure.map(|code| ExportProblem { code, detail: code.detail().to_owned() }),
            download_expires_at: link.as_ref().map(|link| link.expires_at),
            download_url: link.map(|link| link.url),
        }
    }
}

/// The export of the examples.
#[cfg(feature = "openapi")]
#[must_use]
pub fn example() -> serde_json::Value {
    serde_json::json!({
        "export_id": "019ab000-0000-7000-8000-000000000042", "status": "COMPLETED",
        "selection": {"workflow_id": "sample-2026-0042"}, "reason": "Inspection of 2026-11-23.",
        "requested_by": "carol", "requested_at": "2026-11-23T09:10:00.000Z",
        "completed_at": "2026-11-23T09:10:00.480Z", "entries": 9, "bytes": 21480,
        "sha256": "24a9edbb15690f028a046b651c51960536a82e115b632670a486c53ceacfabed",
        "download_url": "https://exports.example/019ab000-0000-7000-8000-000000000042/archive.zip",
        "download_expires_at": "2026-11-23T09:15:01.000Z"
    })
}
