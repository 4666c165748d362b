//! The recovery document: all that is known of one recovery, handed from turn to turn by a machine that reads only
//! `next` of it.
//!
//! Its JSON is the contract between the state machine and the function of its turns. What a machine of another version
//! adds is not read; what it leaves out is as at the beginning.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::call::Principal;
use crate::chain::Fault;
use crate::event::AppliedRules;
use crate::identifiers::{CorrelationId, PrincipalId, Reason, RecoveryId, TenantId, Version, WorkflowId, WorkflowKey};
use crate::recovery::records::RecoveryClaim;
use crate::refusal::RuleReason;
use crate::timestamp::Timestamp;

/// Who or what started a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A person asked for it.
    Request,
    /// A retryable failure was published.
    Failure,
    /// The sweep found something out of order.
    Sweep,
}

/// What the next turn does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// Look at log and index, and plan.
    Assess,
    /// Ask the rules whether the failed workflow may go back.
    AskRules,
    /// Append FAILED to ACTIVE.
    Apply,
    /// Publish what is missing and put the index in order.
    Publish,
    /// See whether all is in order now.
    Confirm,
    /// Record the outcome.
    Record,
    /// Nothing: the recovery has ended.
    End,
}

/// What can have been done in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Log and index were looked at.
    Assessed,
    /// The rules allow the failed workflow back.
    RulesAllowed,
    /// The rules do not allow it back.
    RulesRefused,
    /// The workflow was moved from FAILED to ACTIVE.
    Reactivated,
    /// Events that were missing on the bus were published.
    EventsPublished,
    /// The workflow's entry in the index was put in order.
    IndexRebuilt,
    /// All was found in order.
    Confirmed,
    /// Somebody else changed the workflow meanwhile.
    ChangedMeanwhile,
    /// A break of the stored history was recorded.
    Quarantined,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What.
    pub step: StepKind,
    /// When.
    pub at: Timestamp,
    /// The version that was found or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// How many events the bus accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
}

/// What was planned, for people to read and for whoever has to know whether something is left to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The failed workflow is to be moved back.
    pub reactivate: bool,
    /// Events are missing on the bus.
    pub publish: bool,
    /// The index entry is missing or wrong.
    pub rebuild_index: bool,
}

/// The rules' yes, kept between asking and appending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptVerdict {
    /// The version it was given for.
    pub version: Version,
    /// What was applied.
    pub rules: AppliedRules,
}

/// How a recovery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeStatus {
    /// Something was out of order and is not any more.
    Recovered,
    /// Nothing was out of order.
    AlreadyConsistent,
    /// The rules do not allow the failed workflow back; all else is in order.
    Refused,
    /// The stored history is broken: nothing was changed.
    Quarantined,
    /// It could not be brought to an end in time; what was done stays done.
    GaveUp,
}

/// How a recovery ended, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// How.
    pub status: OutcomeStatus,
    /// refused: each rule that is not met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<RuleReason>,
    /// refused: the ruleset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruleset: Option<String>,
    /// refused: its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruleset_version: Option<String>,
    /// quarantined: the first version that is not what it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken_at_version: Option<Version>,
    /// quarantined: what is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// gave-up: the name of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// gave-up: what is known of its cause. For operators; no caller is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl Outcome {
    /// An outcome that needs no more words.
    #[must_use]
    pub fn of(status: OutcomeStatus) -> Self {
        Self {
            status,
            reasons: Vec::new(),
            ruleset: None,
            ruleset_version: None,
            broken_at_version: None,
            fault: None,
            error: None,
            cause: None,
        }
    }

    /// It could not be brought to an end, because of this.
    #[must_use]
    pub fn gave_up(error: &str, cause: &str) -> Self {
        Self { error: Some(error.to_owned()), cause: Some(cause.to_owned()), ..Self::of(OutcomeStatus::GaveUp) }
    }
}

/// All that is known of one recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryDocument {
    /// Its name, which is the execution's.
    pub recovery_id: RecoveryId,
    /// Whose workflow it is.
    pub tenant_id: TenantId,
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// The version the workflow was at when the recovery was claimed.
    pub version: Version,
    /// Which attempt at that version it is, counted from 1.
    pub attempt: u32,
    /// Who or what started it.
    pub trigger: Trigger,
    /// In whose name it acts.
    pub requested_by: PrincipalId,
    /// The roles of that principal when it asked.
    #[serde(default)]
    pub roles: BTreeSet<String>,
    /// Why it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What ties it to its cause in other services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// How long to wait before the first turn.
    #[serde(default)]
    pub delay_seconds: u32,
    /// When the first turn was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it has to be given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// How many turns were made.
    #[serde(default)]
    pub turns: u32,
    /// What the next turn does.
    pub next: Next,
    /// What was done, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Planned>,
    /// What the rules said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<KeptVerdict>,
    /// How it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

impl RecoveryDocument {
    /// The document that a recovery begins with. The same claim always gives the same one, so that starting it again
    /// is recognised.
    #[must_use]
    pub fn of(claim: &RecoveryClaim) -> Self {
        Self {
            recovery_id: claim.recovery_id.clone(),
            tenant_id: claim.tenant_id.clone(),
            workflow_id: claim.workflow_id.clone(),
            version: claim.version,
            attempt: claim.attempt,
            trigger: claim.trigger,
            requested_by: claim.requested_by.clone(),
            roles: claim.roles.clone(),
            reason: claim.reason.clone(),
            correlation_id: claim.correlation_id.clone(),
            delay_seconds: claim.delay_seconds,
            started_at: None,
            deadline: None,
            turns: 0,
            next: Next::Assess,
            steps: Vec::new(),
            plan: None,
            verdict: None,
            outcome: None,
        }
    }

    /// The workflow it is about.
    #[must_use]
    pub fn key(&self) -> WorkflowKey {
        WorkflowKey { tenant_id: self.tenant_id.clone(), workflow_id: self.workflow_id.clone() }
    }

    /// In whose name it acts.
    #[must_use]
    pub fn principal(&self) -> Principal {
        Principal { id: self.requested_by.clone(), tenant_id: self.tenant_id.clone(), roles: self.roles.clone() }
    }
}
