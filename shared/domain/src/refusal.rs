//! A refused attempt: it changes no state and no version, and the log keeps it as audit data.

use serde::{Deserialize, Serialize};

use crate::authentication::WhyInsufficient;
use crate::hashing::ChainHash;
use crate::identifiers::{CorrelationId, EventId, PrincipalId, Reason, TenantId, Version, WorkflowId, WorkflowKey};
use crate::lifecycle::State;
use crate::sealed::LogEntry;
use crate::signature::Meaning;
use crate::timestamp::Timestamp;

/// A refusal's event type in the log and its detail type on the bus.
pub const WORKFLOW_TRANSITION_REFUSED: &str = "WorkflowTransitionRefused";

/// Who refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// The caller's policies.
    Forbidden,
    /// The lifecycle table.
    InvalidTransition,
    /// The laboratory's rules.
    RuleViolation,
    /// The workflow has ended, and its data does not change.
    WorkflowClosed,
    /// The authentication of a signer, which is not enough to sign.
    InsufficientUserAuthentication,
    /// The lifecycle of the workflow that a new one was to replace: its work goes on.
    ReplacedWorkflowNotClosed,
}

/// One rule that was not met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleReason {
    /// The rule.
    pub rule_id: String,
    /// The rule's message for people.
    pub message: String,
}

/// A refused attempt as the log keeps it and the bus carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The refusal's identity, a UUIDv7.
    pub event_id: EventId,
    /// The tenant that owns the workflow.
    pub tenant_id: TenantId,
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The kind of event; always the same.
    pub event_type: RefusalEventType,
    /// The requested operation.
    pub operation: String,
    /// The version of the workflow; absent when it did not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The hash of that version; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_hash: Option<ChainHash>,
    /// The state of the workflow; absent when it did not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_state: Option<State>,
    /// The requested state; absent when the operation makes no transition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_state: Option<State>,
    /// replaced-workflow-not-closed: the workflow that was to be replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<WorkflowId>,
    /// The server's time of the attempt.
    pub timestamp: Timestamp,
    /// The requester.
    pub requested_by: PrincipalId,
    /// The requester's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Who refused.
    pub code: RefusalCode,
    /// The signature that was requested, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<RefusedSignature>,
    /// Every rule that was not met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<RuleReason>,
    /// The ruleset that was evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruleset: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruleset_version: Option<String>,
    /// The ids of the policies that forbade it; empty when no policy permitted it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// Links this attempt to its cause in other services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// Present when this refusal reaches a bound: which further refusals are not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub further_not_kept: Option<FurtherNotKept>,
}

/// A signature that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RefusedSignature {
    /// What it was to mean.
    pub meaning: Meaning,
    /// insufficient-user-authentication: why the authentication is not enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insufficient: Option<WhyInsufficient>,
}

/// Whose further refusals on the workflow are not kept, and until when. Their answer is `too-many-refusals`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FurtherNotKept {
    /// The scope.
    pub whose: Whose,
    /// The instant from which refusals are kept again.
    pub until: Timestamp,
}

/// The scope of a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// The principal of this attempt.
    Principal,
    /// All principals.
    Everybody,
}

impl LogEntry for Refusal {}

impl Refusal {
    /// The workflow of the attempt.
    #[must_use]
    pub fn key(&self) -> WorkflowKey {
        WorkflowKey { tenant_id: self.tenant_id.clone(), workflow_id: self.workflow_id.clone() }
    }
}

/// The one event type of a refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum RefusalEventType {
    /// The only one.
    #[default]
    WorkflowTransitionRefused,
}

/// A refusal as stored in the log.
#[derive(Clone, Debug, PartialEq)]
pub enum KeptRefusal {
    /// A readable one.
    Refusal(Box<Refusal>),
    /// An unreadable one.
    Unreadable {
        /// The identity in its key.
        event_id: EventId,
        /// The hash of the stored bytes.
        content: ChainHash,
    },
}

impl KeptRefusal {
    /// The identity.
    #[must_use]
    pub fn event_id(&self) -> EventId {
        match self {
            Self::Refusal(refusal) => refusal.event_id,
            Self::Unreadable { event_id, .. } => *event_id,
        }
    }

    /// The refusal, if it can be read.
    #[must_use]
    pub fn readable(self) -> Option<Refusal> {
        match self {
            Self::Refusal(refusal) => Some(*refusal),
            Self::Unreadable { .. } => None,
        }
    }
}
