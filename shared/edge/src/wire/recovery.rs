//! A recovery: under way, or how it ended.

use alims_domain::identifiers::{PrincipalId, Reason, RecoveryId, Version, WorkflowId};
use alims_domain::recovery::outcome::{OutcomeStatus, Step, StepKind, Trigger};
use alims_domain::recovery::records::{RecoveryAttempt, RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::RuleReason;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::EndedHow;
use serde::Serialize;

use crate::wire::{ChainFault, QuarantineNotice};

/// The status of the newest recovery of a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The workflow has no recovery.
    None,
    /// It is running, or waits to start.
    Running,
    /// It repaired something.
    Recovered,
    /// There was nothing to repair.
    AlreadyConsistent,
    /// The rules do not allow the failed workflow to return to ACTIVE; everything else is in order.
    Refused,
    /// The stored history is broken: nothing was changed.
    Quarantined,
    /// It did not finish in time. Completed steps stay; start another recovery.
    GaveUp,
}

impl From<OutcomeStatus> for Status {
    fn from(status: OutcomeStatus) -> Self {
        match status {
            OutcomeStatus::Recovered => Self::Recovered,
            OutcomeStatus::AlreadyConsistent => Self::AlreadyConsistent,
            OutcomeStatus::Refused => Self::Refused,
            OutcomeStatus::Quarantined => Self::Quarantined,
            OutcomeStatus::GaveUp => Self::GaveUp,
        }
    }
}

/// One completed step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryStep {
    /// The step.
    pub step: StepKind,
    /// When.
    pub at: Timestamp,
    /// The version that was found or made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// events-published: the number of events that the bus accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
}

impl From<Step> for RecoveryStep {
    fn from(step: Step) -> Self {
        Self { step: step.step, at: step.at, version: step.version, events: step.events }
    }
}

/// The newest recovery of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryReport {
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The status.
    pub status: Status,
    /// The id of the recovery; repeated requests return the same id while it runs. If the workflow has no recovery, this
    /// and all following fields except `steps` are absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_id: Option<RecoveryId>,
    /// The version the workflow was at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The number of the attempt at that version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The trigger that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
    /// The principal for whom it acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<PrincipalId>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When it was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Timestamp>,
    /// The delay before it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_seconds: Option<u32>,
    /// When it began; absent until it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its outcome was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The completed steps, in order; filled when it has ended.
    pub steps: Vec<RecoveryStep>,
    /// refused: each rule that is not met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<RuleReason>>,
    /// refused: the ruleset that was evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruleset: Option<String>,
    /// refused: its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruleset_version: Option<String>,
    /// quarantined: the first broken version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at_version: Option<Version>,
    /// quarantined: the kind of break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<ChainFault>,
    /// gave-up: the kind of error that stopped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Every quarantine in force, from any operation; absent when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub quarantines: Vec<QuarantineNotice>,
}

impl RecoveryReport {
    /// Renders a recovery that is running.
    #[must_use]
    pub fn running(claim: RecoveryClaim) -> Self {
        Self::claimed(claim, Status::Running)
    }

    /// Renders a recovery that has ended; one without an outcome is running.
    #[must_use]
    pub fn ended(attempt: RecoveryAttempt) -> Self {
        let Some(RecoveryRecord { outcome, started_at, ended_at, steps, .. }) = attempt.ended else {
            return Self::running(attempt.claim);
        };
        Self {
            started_at,
            ended_at: Some(ended_at),
            steps: steps.into_iter().map(RecoveryStep::from).collect(),
            reasons: Some(outcome.reasons).filter(|reasons| !reasons.is_empty()),
            ruleset: outcome.ruleset,
            ruleset_version: outcome.ruleset_version,
            broken_at_version: outcome.broken_at_version,
            fault: outcome.fault.as_ref().map(ChainFault::from),
            error: outcome.error,
            ..Self::claimed(attempt.claim, outcome.status.into())
        }
    }

    /// Renders a recovery whose execution is over but has no recorded outcome yet.
    #[must_use]
    pub fn vanished(claim: RecoveryClaim, how: EndedHow) -> Self {
        Self { error: Some(how.as_str().to_owned()), ..Self::claimed(claim, Status::GaveUp) }
    }

    fn claimed(claim: RecoveryClaim, status: Status) -> Self {
        Self {
            recovery_id: Some(claim.recovery_id),
            version: Some(claim.version),
            attempt: Some(claim.attempt),
            trigger: Some(claim.trigger),
            requested_by: Some(claim.requested_by),
            reason: claim.reason,
            requested_at: Some(claim.claimed_at),
            delay_seconds: Some(claim.delay_seconds).filter(|delay| *delay > 0),
            ..Self::bare(claim.workflow_id, status)
        }
    }

    /// Renders the report of a workflow without a recovery.
    #[must_use]
    pub fn none(workflow_id: WorkflowId) -> Self {
        Self::bare(workflow_id, Status::None)
    }

    fn bare(workflow_id: WorkflowId, status: Status) -> Self {
        Self {
            workflow_id,
            status,
            recovery_id: None,
            version: None,
            attempt: None,
            trigger: None,
            requested_by: None,
            reason: None,
            requested_at: None,
            delay_seconds: None,
            started_at: None,
            ended_at: None,
            steps: Vec::new(),
            reasons: None,
            ruleset: None,
            ruleset_version: None,
            broken_at_version: None,
            fault: None,
            error: None,
            quarantines: Vec::new(),
        }
    }
}
