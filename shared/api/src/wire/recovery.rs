//! What a recovery did, and whether one is needed.

use alims_core::event::WorkflowEvent;
use alims_core::identifiers::{PrincipalId, Reason, Version, WorkflowId};
use alims_core::operations::get_workflow_recovery as status;
use alims_core::operations::recover_workflow as operation;
use alims_core::operations::recover_workflow::{Recovery, RecoveryOutcome};
use alims_core::recovery::{RecoveryPlan, Repairs};
use alims_core::refusal::RuleReason;
use alims_core::timestamp::Timestamp;
use serde::Serialize;

use crate::wire::ChainFault;

/// One thing a recovery did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum RecoveryStep {
    /// The workflow's entry in the index was put in order.
    IndexRebuilt,
    /// Events that were missing on the bus were published.
    EventsPublished {
        /// How many.
        events: u64,
    },
    /// The workflow was moved from FAILED to ACTIVE.
    Reactivated {
        /// The version that made.
        version: Version,
    },
}

impl From<operation::RecoveryStep> for RecoveryStep {
    fn from(step: operation::RecoveryStep) -> Self {
        match step {
            operation::RecoveryStep::IndexRebuilt => Self::IndexRebuilt,
            operation::RecoveryStep::EventsPublished(events) => Self::EventsPublished { events },
            operation::RecoveryStep::Reactivated(version) => Self::Reactivated { version },
        }
    }
}

/// How a recovery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Something was out of order and is not any more.
    Recovered,
    /// Nothing was out of order.
    AlreadyConsistent,
    /// The rules do not allow the failed workflow back; all else is in order.
    Refused,
    /// The stored history is broken: nothing was changed.
    Quarantined,
}

/// What a recovery did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryReport {
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// How it ended.
    pub outcome: Outcome,
    /// What was done, in order.
    pub steps: Vec<RecoveryStep>,
    /// refused: each rule that is not met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<RuleReason>>,
    /// quarantined: the first version that is not what it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at_version: Option<Version>,
    /// quarantined: what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<ChainFault>,
}

impl RecoveryReport {
    /// Renders a recovery.
    #[must_use]
    pub fn new(workflow_id: WorkflowId, recovery: Recovery) -> Self {
        let steps = recovery.steps.into_iter().map(RecoveryStep::from).collect();
        let bare = Self {
            workflow_id,
            outcome: Outcome::Recovered,
            steps,
            reasons: None,
            broken_at_version: None,
            fault: None,
        };
        match recovery.outcome {
            RecoveryOutcome::Recovered => bare,
            RecoveryOutcome::AlreadyConsistent => Self { outcome: Outcome::AlreadyConsistent, ..bare },
            RecoveryOutcome::Refused(violation) => {
                Self { outcome: Outcome::Refused, reasons: Some(violation.reasons), ..bare }
            }
            RecoveryOutcome::Quarantined(broken) => Self {
                outcome: Outcome::Quarantined,
                broken_at_version: Some(broken.at),
                fault: Some(ChainFault::from(&broken.fault)),
                ..bare
            },
        }
    }
}

/// Whether a workflow needs to be recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Something is out of order, or the workflow has failed.
    Needed,
    /// All is in order, and a recovery made the newest version.
    Recovered,
    /// All is in order.
    AlreadyConsistent,
    /// The stored history is broken.
    Quarantined,
}

/// One thing that a recovery would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Repair {
    /// Put the workflow's entry in the index in order.
    RebuildIndex,
    /// Publish the events that are missing on the bus.
    PublishEvents,
    /// Ask the rules, and move the workflow from FAILED to ACTIVE.
    Reactivate,
}

/// The recovery that made the newest version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryMade {
    /// The version it made.
    pub version: Version,
    /// When.
    pub recovered_at: Timestamp,
    /// Who asked for it.
    pub requested_by: PrincipalId,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl From<WorkflowEvent> for RecoveryMade {
    fn from(event: WorkflowEvent) -> Self {
        Self {
            version: event.version,
            recovered_at: event.timestamp,
            requested_by: event.requested_by,
            reason: event.reason,
        }
    }
}

/// How a workflow is, and what a recovery would do now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryStatus {
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// Whether it needs to be recovered.
    pub status: Status,
    /// needed: what a recovery would do, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repairs: Option<Vec<Repair>>,
    /// The recovery that made the newest version, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoveryMade>,
    /// quarantined: the first version that is not what it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at_version: Option<Version>,
    /// quarantined: what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<ChainFault>,
}

impl RecoveryStatus {
    /// Renders what was found.
    #[must_use]
    pub fn new(workflow_id: WorkflowId, found: status::RecoveryStatus) -> Self {
        let recovery = found.recovered_by.map(|event| RecoveryMade::from(*event));
        let calm = if recovery.is_some() { Status::Recovered } else { Status::AlreadyConsistent };
        let bare = Self { workflow_id, status: calm, repairs: None, recovery, broken_at_version: None, fault: None };
        match found.plan {
            RecoveryPlan::AlreadyConsistent => bare,
            RecoveryPlan::Repair(repairs) => Self { status: Status::Needed, repairs: Some(in_order(&repairs)), ..bare },
            RecoveryPlan::Quarantine(broken) => Self {
                status: Status::Quarantined,
                broken_at_version: Some(broken.at),
                fault: Some(ChainFault::from(&broken.fault)),
                ..bare
            },
        }
    }
}

/// The order in which a recovery carries them out.
fn in_order(repairs: &Repairs) -> Vec<Repair> {
    let all = [
        (repairs.publish.is_some(), Repair::PublishEvents),
        (repairs.rebuild_index, Repair::RebuildIndex),
        (repairs.reactivate, Repair::Reactivate),
    ];
    all.into_iter().filter_map(|(needed, repair)| needed.then_some(repair)).collect()
}
