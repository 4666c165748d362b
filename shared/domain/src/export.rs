//! Exports of records: what was selected, the job that makes the archive, and how it ended. A store of exports keeps
//! each of them once and never changes it.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

use crate::activity::ActivityKind;
use crate::audit_entry::RecordsExported;
use crate::hashing::ChainHash;
use crate::identifiers::{
    CorrelationId, IdempotencyKey, PrincipalId, Reason, TenantId, Version, WorkflowId, WorkflowKey,
};
use crate::invalid::InvalidValue;
use crate::stored_name::{Part, StoredName, digest};
use crate::timestamp::Timestamp;

/// The format of the stored documents and of the archive.
pub const EXPORT_FORMAT: u64 = 1;

/// The id of an export: a UUID in lower case with hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
#[serde(try_from = "String", into = "String")]
pub struct ExportId(Uuid);

impl ExportId {
    /// The id of an export that was asked for without an idempotency key.
    #[must_use]
    pub const fn fresh(id: Uuid) -> Self {
        Self(id)
    }

    /// The id of an export that was asked for with an idempotency key. The same three inputs give the same id.
    #[must_use]
    pub fn derived(tenant: &TenantId, principal: &PrincipalId, key: &IdempotencyKey) -> Self {
        let digest = digest(&[Part::literal("export"), Part::of(tenant), Part::of(principal), Part::of(key)]);
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        Self(Uuid::new_v8(bytes))
    }
}

impl TryFrom<String> for ExportId {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for ExportId {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = Uuid::parse_str(text).ok().map(Self).filter(|id| String::from(*id) == text);
        id.ok_or_else(|| InvalidValue::new("must be a UUID in lower case with hyphens"))
    }
}

impl From<ExportId> for String {
    fn from(id: ExportId) -> Self {
        id.0.hyphenated().to_string()
    }
}

impl fmt::Display for ExportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from(*self))
    }
}

/// Never changes: an audit entry and a store of exports name the export by it.
impl StoredName for ExportId {
    fn stored_name(&self) -> Cow<'_, str> {
        Cow::Owned(String::from(*self))
    }
}

/// The records that an export holds: those of one workflow, or those of a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ExportSelection {
    /// Every entry of a workflow.
    Workflow(OfWorkflow),
    /// Entries of a period.
    Period(OfPeriod),
}

/// Every entry of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfWorkflow {
    /// The workflow.
    pub workflow_id: WorkflowId,
}

/// Entries of a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfPeriod {
    /// Entries of this instant or later.
    pub from: Timestamp,
    /// Entries before this instant. The last minute before the request is left out, because its entries may come late.
    pub to: Timestamp,
    /// Only what this principal did. Absent: everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<PrincipalId>,
    /// Only entries of this kind. Absent: every kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ActivityKind>,
}

/// The newest version of the workflow when the export was asked for: no later version is in the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportHead {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The version.
    pub version: Version,
    /// Its hash; absent when it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<ChainHash>,
}

/// An export that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportJob {
    /// [`EXPORT_FORMAT`].
    pub format: u64,
    /// The id.
    pub export_id: ExportId,
    /// The tenant whose records they are.
    pub tenant_id: TenantId,
    /// The records.
    pub selection: ExportSelection,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Who asked.
    pub requested_by: PrincipalId,
    /// The server's time of the request.
    pub requested_at: Timestamp,
    /// Links it to its cause in other services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// No entry of this instant or later is in the archive.
    pub cut: Timestamp,
    /// The end of the workflow's history, of an export of a workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<ExportHead>,
}

impl ExportJob {
    /// The workflow of an export of one.
    #[must_use]
    pub fn workflow(&self) -> Option<WorkflowKey> {
        match &self.selection {
            ExportSelection::Workflow(OfWorkflow { workflow_id }) => {
                Some(WorkflowKey { tenant_id: self.tenant_id.clone(), workflow_id: workflow_id.clone() })
            }
            ExportSelection::Period(_) => None,
        }
    }

    /// What the audit trail says of it.
    #[must_use]
    pub fn exported(&self, workflows: u64, entries: u64, manifest_sha256: ChainHash) -> RecordsExported {
        let bare = RecordsExported {
            job_id: Some(self.export_id.to_string()),
            from: None,
            to: None,
            workflow_ids: Vec::new(),
            query: None,
            workflows,
            entries,
            manifest_sha256,
        };
        match &self.selection {
            ExportSelection::Workflow(of) => RecordsExported { workflow_ids: vec![of.workflow_id.clone()], ..bare },
            ExportSelection::Period(of) => {
                let by = of.principal.as_ref().map(|by| format!("principal={by}"));
                let kind = of.kind.map(|kind| format!("kind={}", kind.as_str()));
                let query: Vec<String> = kind.into_iter().chain(by).collect();
                let query = (!query.is_empty()).then(|| query.join("&"));
                RecordsExported { from: Some(of.from), to: Some(of.to.min(self.cut)), query, ..bare }
            }
        }
    }
}

/// What the state machine of exports hands from one step to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportTurn {
    /// The tenant whose records they are.
    pub tenant_id: TenantId,
    /// The export.
    pub export_id: ExportId,
    /// What is to be done.
    pub next: NextTurn,
}

/// What is to be done for an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NextTurn {
    /// A step.
    Step,
    /// The record that it failed.
    Fail,
    /// Nothing: it has ended.
    Nothing,
}

/// How an export ended. The first one that a store gets stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportEnding {
    /// [`EXPORT_FORMAT`].
    pub format: u64,
    /// When.
    pub ended_at: Timestamp,
    /// The archive; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<ExportedArchive>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ExportFailure>,
}

/// An archive that can be downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedArchive {
    /// The number of entries in it.
    pub entries: u64,
    /// The number of workflows in it.
    pub workflows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: ChainHash,
    /// The SHA-256 of its manifest.
    pub manifest_sha256: ChainHash,
}

/// Why there is no archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ExportFailure {
    /// Nothing was selected.
    NothingToExport,
    /// More entries were selected than an export may hold.
    ExportTooLarge,
    /// A step failed for good.
    ExportInterrupted,
}

impl ExportFailure {
    /// What is wrong and what the caller can do, in at most 25 words.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::NothingToExport => {
                "The selection has no entries, so there is no archive. Choose another period or other filters."
            }
            Self::ExportTooLarge => {
                "The selection has more than 1,000,000 entries. Export shorter periods, each by a request of its own."
            }
            Self::ExportInterrupted => {
                "The export failed and nothing left the service. Ask for it again; if it fails again, contact the operator."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling_and_follows_from_the_key_of_its_principal() {
        let (tenant, alice, bob): (TenantId, PrincipalId, PrincipalId) =
            ("lab".parse().expect("a tenant"), "alice".parse().expect("a name"), "bob".parse().expect("a name"));
        let key: IdempotencyKey = "k".parse().expect("a key");
        let id = ExportId::derived(&tenant, &alice, &key);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id, ExportId::derived(&tenant, &alice, &key));
        assert_ne!(id, ExportId::derived(&tenant, &bob, &key));
        for odd in ["", "x", &id.to_string().to_uppercase(), &id.to_string().replace('-', "")] {
            assert!(odd.parse::<ExportId>().is_err(), "{odd}");
        }
    }

    #[test]
    fn a_selection_is_of_a_workflow_or_of_a_period() {
        let period = r#"{"from":"2026-10-01T00:00:00.000Z","to":"2026-11-01T00:00:00.000Z","kind":"WorkflowReleased"}"#;
        for (text, is_workflow) in [(r#"{"workflow_id":"wf-1"}"#, true), (period, false)] {
            let selection: ExportSelection = serde_json::from_str(text).expect("a selection");
            assert_eq!(matches!(selection, ExportSelection::Workflow(_)), is_workflow);
        }
        assert!(serde_json::from_str::<ExportSelection>(r#"{"workflow_id":"w","kind":"X"}"#).is_err());
    }
}
