//! One version of a workflow: its event, from which the state at that version follows.

use serde::{Deserialize, Serialize};

use crate::hashing::ChainHash;
use crate::identifiers::{
    CorrelationId, EventId, FailureCode, FailureMessage, PrincipalId, Reason, TenantId, Version, WorkflowId,
    WorkflowKey, WorkflowType,
};
use crate::json::{Metadata, ValidationContext};
use crate::labels::Labels;
use crate::lifecycle::State;
use crate::signature::{Signature, Signatures};
use crate::timestamp::Timestamp;
use crate::workflow_data::WorkflowData;

/// The kind of event; on the bus it is the detail type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum EventType {
    /// Version 1.
    WorkflowCreated,
    /// A transition that a caller requested.
    WorkflowStateChanged,
    /// A transition from FAILED to ACTIVE made by a recovery.
    WorkflowRecovered,
    /// A version that keeps the state: a change of the workflow's data, or a remark.
    WorkflowAmended,
    /// A version that keeps state and data, and adds an electronic signature.
    WorkflowSigned,
}

impl EventType {
    /// The name on the bus and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WorkflowCreated => "WorkflowCreated",
            Self::WorkflowStateChanged => "WorkflowStateChanged",
            Self::WorkflowRecovered => "WorkflowRecovered",
            Self::WorkflowAmended => "WorkflowAmended",
            Self::WorkflowSigned => "WorkflowSigned",
        }
    }

    /// Whether such a version has the state of the version before it.
    #[must_use]
    pub const fn keeps_the_state(self) -> bool {
        match self {
            Self::WorkflowAmended | Self::WorkflowSigned => true,
            Self::WorkflowCreated | Self::WorkflowStateChanged | Self::WorkflowRecovered => false,
        }
    }
}

/// The failure that moved a workflow to FAILED, described by the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// For machines: 1 to 64 of `A-Z a-z 0-9 . _ : -`.
    pub code: FailureCode,
    /// For people: 1 to 1000 characters.
    pub message: FailureMessage,
    /// Whether trying again can help.
    pub retryable: bool,
}

/// The rules that allowed a version, which make the decision reproducible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AppliedRules {
    /// The ruleset that was evaluated, or `lifecycle-only` if no ruleset names this workflow type.
    pub ruleset: String,
    /// The version of the ruleset, chosen by its authors.
    pub ruleset_version: String,
    /// The ids of the rules that were evaluated, in the order of evaluation.
    pub evaluated: Vec<String>,
}

impl AppliedRules {
    /// The ruleset name of a workflow type that no ruleset names: the lifecycle alone decided.
    pub const LIFECYCLE_ONLY: &'static str = "lifecycle-only";

    /// The verdict on a workflow type that no ruleset names.
    #[must_use]
    pub fn lifecycle_only() -> Self {
        Self { ruleset: Self::LIFECYCLE_ONLY.to_owned(), ruleset_version: "1".to_owned(), evaluated: Vec::new() }
    }
}

/// The earlier version that this one continues from. The versions between are unreadable, and a supervisor released
/// them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Resumes {
    /// The newest readable version: this event changes its state and metadata.
    pub from_version: Version,
    /// The hash of the stored content of the version just before this one: the content of the released break.
    pub passed_over: ChainHash,
}

/// One version in the history of a workflow: everything that is stored except the idempotency keys.
///
/// Absent values are absent, not null, except `from_state` of version 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WorkflowEvent {
    /// The identity of the event, the same in the log, on the bus and in answers.
    pub event_id: EventId,
    /// The tenant that owns the workflow.
    pub tenant_id: TenantId,
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The kind of work.
    pub workflow_type: WorkflowType,
    /// The kind of event.
    pub event_type: EventType,
    /// The version that this event made.
    pub version: Version,
    /// The state before; null for version 1.
    #[cfg_attr(feature = "schema", schema(required))]
    pub from_state: Option<State>,
    /// The state after; the same as `from_state` when this version keeps the state.
    pub to_state: State,
    /// On a version that keeps the state: the state before the last change of state, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<State>,
    /// On a version that keeps the state: the version that made the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_since: Option<Version>,
    /// The server's time of the event; never earlier than the version before it.
    pub timestamp: Timestamp,
    /// When version 1 was made.
    pub created_at: Timestamp,
    /// Who made version 1.
    pub created_by: PrincipalId,
    /// Who requested this version.
    pub requested_by: PrincipalId,
    /// The requester's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The complete metadata of the workflow from this version on.
    pub metadata: Metadata,
    /// All labels of the workflow from this version on; absent when there are none.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// When the work should be finished, from this version on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Who should do the work, from this version on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PrincipalId>,
    /// The finished or cancelled workflow of the tenant whose work this one does again, named at its creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<WorkflowId>,
    /// The signature that this version adds; on `WorkflowSigned` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// The signatures of the workflow from this version on; absent when there are none.
    #[serde(default, skip_serializing_if = "Signatures::is_empty")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub signatures: Signatures,
    /// The requester's input for the rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_context: Option<ValidationContext>,
    /// The failure; present only when `to_state` is FAILED. A version that keeps this state keeps its failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The rules that allowed it.
    pub rules: AppliedRules,
    /// Links this event to its cause in other services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// Present when the version before this one is unreadable and was released: the version this one continues from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumes: Option<Resumes>,
    /// The hash of the version before, or of the one this resumes from; 64 zeros for version 1.
    pub previous_hash: ChainHash,
    /// The hash of this version: SHA-256 of its canonical JSON (RFC 8785) without this field.
    pub hash: ChainHash,
}

impl WorkflowEvent {
    /// The workflow it belongs to.
    #[must_use]
    pub fn key(&self) -> WorkflowKey {
        WorkflowKey { tenant_id: self.tenant_id.clone(), workflow_id: self.workflow_id.clone() }
    }

    /// The version that made the state in which the workflow stands: this one, unless it keeps the state.
    #[must_use]
    pub fn state_since(&self) -> Version {
        self.state_since.filter(|_| self.event_type.keeps_the_state()).unwrap_or(self.version)
    }

    /// The workflow's data at this version.
    #[must_use]
    pub fn data(&self) -> WorkflowData {
        WorkflowData {
            metadata: self.metadata.clone(),
            labels: self.labels.clone(),
            due_at: self.due_at,
            assignee: self.assignee.clone(),
        }
    }

    /// The signatures after a next version with this data, which adds none.
    #[must_use]
    pub fn signatures_with(&self, data: &WorkflowData) -> Signatures {
        self.signatures.over(&self.data(), data)
    }

    /// The state before the last change of state; none when there was no change.
    #[must_use]
    pub const fn state_before(&self) -> Option<State> {
        if self.event_type.keeps_the_state() { self.previous_state } else { self.from_state }
    }
}

/// A workflow at one version.
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    /// The workflow and its tenant.
    pub key: WorkflowKey,
    /// The kind of work.
    pub workflow_type: WorkflowType,
    /// The state.
    pub current_state: State,
    /// The state before the last change of state; none when there was no change.
    pub previous_state: Option<State>,
    /// The version.
    pub version: Version,
    /// When version 1 was made.
    pub created_at: Timestamp,
    /// When this version was made.
    pub updated_at: Timestamp,
    /// Who made version 1.
    pub created_by: PrincipalId,
    /// Who made this version.
    pub updated_by: PrincipalId,
    /// What people keep on it.
    pub data: WorkflowData,
    /// The workflow whose work this one does again.
    pub replaces: Option<WorkflowId>,
    /// The signatures so far.
    pub signatures: Signatures,
}

impl From<&WorkflowEvent> for Workflow {
    fn from(event: &WorkflowEvent) -> Self {
        Self {
            key: event.key(),
            workflow_type: event.workflow_type.clone(),
            current_state: event.to_state,
            previous_state: event.state_before(),
            version: event.version,
            created_at: event.created_at,
            updated_at: event.timestamp,
            created_by: event.created_by.clone(),
            updated_by: event.requested_by.clone(),
            data: event.data(),
            replaces: event.replaces.clone(),
            signatures: event.signatures.clone(),
        }
    }
}
