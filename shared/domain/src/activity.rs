//! Activity: what happened in a tenant, entry of the log by entry, at the instants that the entries themselves name.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

use crate::event::EventType;
use crate::invalid::InvalidValue;
use crate::overdue::WORKFLOW_OVERDUE;
use crate::quarantine::{WORKFLOW_QUARANTINED, WORKFLOW_RELEASED};
use crate::refusal::WORKFLOW_TRANSITION_REFUSED;

/// The kind of an entry of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ActivityKind {
    /// Version 1.
    WorkflowCreated,
    /// A transition that a caller requested.
    WorkflowStateChanged,
    /// A transition from FAILED to ACTIVE made by a recovery.
    WorkflowRecovered,
    /// A version that keeps the state.
    WorkflowAmended,
    /// An electronic signature.
    WorkflowSigned,
    /// A refused attempt, also one to create a workflow.
    WorkflowTransitionRefused,
    /// A break was found.
    WorkflowQuarantined,
    /// A person released a break.
    WorkflowReleased,
    /// A due date passed while the workflow was open.
    WorkflowOverdue,
    /// A recovery was requested, by a person or by the service.
    RecoveryRequested,
    /// A recovery ended.
    RecoveryEnded,
    /// Records were exported. The entry belongs to no workflow.
    RecordsExported,
    /// An auditor reviewed the audit trail of a period. The entry belongs to no workflow.
    AuditTrailReviewed,
}

impl ActivityKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::WorkflowCreated,
        Self::WorkflowStateChanged,
        Self::WorkflowRecovered,
        Self::WorkflowAmended,
        Self::WorkflowSigned,
        Self::WorkflowTransitionRefused,
        Self::WorkflowQuarantined,
        Self::WorkflowReleased,
        Self::WorkflowOverdue,
        Self::RecoveryRequested,
        Self::RecoveryEnded,
        Self::RecordsExported,
        Self::AuditTrailReviewed,
    ];

    /// The name. That of an entry with an event type is the event type.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WorkflowCreated => EventType::WorkflowCreated.as_str(),
            Self::WorkflowStateChanged => EventType::WorkflowStateChanged.as_str(),
            Self::WorkflowRecovered => EventType::WorkflowRecovered.as_str(),
            Self::WorkflowAmended => EventType::WorkflowAmended.as_str(),
            Self::WorkflowSigned => EventType::WorkflowSigned.as_str(),
            Self::WorkflowTransitionRefused => WORKFLOW_TRANSITION_REFUSED,
            Self::WorkflowQuarantined => WORKFLOW_QUARANTINED,
            Self::WorkflowReleased => WORKFLOW_RELEASED,
            Self::WorkflowOverdue => WORKFLOW_OVERDUE,
            Self::RecoveryRequested => "RecoveryRequested",
            Self::RecoveryEnded => "RecoveryEnded",
            Self::RecordsExported => "RecordsExported",
            Self::AuditTrailReviewed => "AuditTrailReviewed",
        }
    }
}

impl From<EventType> for ActivityKind {
    fn from(event_type: EventType) -> Self {
        match event_type {
            EventType::WorkflowCreated => Self::WorkflowCreated,
            EventType::WorkflowStateChanged => Self::WorkflowStateChanged,
            EventType::WorkflowRecovered => Self::WorkflowRecovered,
            EventType::WorkflowAmended => Self::WorkflowAmended,
            EventType::WorkflowSigned => Self::WorkflowSigned,
        }
    }
}

impl FromStr for ActivityKind {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
            InvalidValue::new(format!("must be one of {}", names.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_reads_back_from_its_name_which_is_the_one_in_json() {
        for kind in ActivityKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.as_str().into()));
        }
        assert!("workflowcreated".parse::<ActivityKind>().is_err());
    }
}
