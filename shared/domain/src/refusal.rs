//! An attempt that was refused: it changes no state and no version, and it is kept, because it is audit.

use serde::{Deserialize, Serialize};

use crate::hashing::ChainHash;
use crate::identifiers::{CorrelationId, EventId, PrincipalId, Reason, TenantId, Version, WorkflowId, WorkflowKey};
use crate::lifecycle::State;
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
}

/// One rule that was not met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleReason {
    /// The rule.
    pub rule_id: String,
    /// What it says to a person.
    pub message: String,
}

/// A refused attempt as the log keeps it and the bus carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The refusal's identity, a UUIDv7.
    pub event_id: EventId,
    /// Whose workflow it is.
    pub tenant_id: TenantId,
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// Always [`WORKFLOW_TRANSITION_REFUSED`].
    pub event_type: RefusalEventType,
    /// The operation that was asked for.
    pub operation: String,
    /// The version the workflow was at; absent when it did not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Where the workflow stood; absent when it did not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_state: Option<State>,
    /// Where it was to go; absent when what was asked for moves nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_state: Option<State>,
    /// When, by the server's clock.
    pub timestamp: Timestamp,
    /// Who asked.
    pub requested_by: PrincipalId,
    /// Why, in the requester's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Who refused.
    pub code: RefusalCode,
    /// Every rule that was not met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<RuleReason>,
    /// The ruleset that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruleset: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruleset_version: Option<String>,
    /// The ids of the policies that forbade it; empty when no policy permitted it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// What ties this attempt to its cause in other services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// Present when a bound on kept refusals is reached with this one: what else is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub further_not_kept: Option<FurtherNotKept>,
}

/// Whose further refusals on the workflow are not kept, and until when. They are answered `too-many-refusals`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FurtherNotKept {
    /// Whose.
    pub whose: Whose,
    /// The instant from which on one is kept again.
    pub until: Timestamp,
}

/// Whose attempts a bound is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// Those of the principal whose attempt this was.
    Principal,
    /// Everybody's.
    Everybody,
}

impl Refusal {
    /// The workflow it was about.
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

/// A refusal as the log has it.
#[derive(Clone, Debug, PartialEq)]
pub enum KeptRefusal {
    /// One that can be read.
    Refusal(Box<Refusal>),
    /// One that cannot.
    Unreadable {
        /// The identity that its key names.
        event_id: EventId,
        /// The hash of what is stored.
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
