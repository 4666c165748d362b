//! The log's records of recoveries: a claim at the start and an outcome at the end.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::hashing::ChainHash;
use crate::identifiers::{CorrelationId, PrincipalId, Reason, RecoveryId, TenantId, Version, WorkflowId, WorkflowKey};
use crate::quarantine::BreakFound;
use crate::recovery::outcome::{Outcome, Step, Trigger};
use crate::sealed::LogEntry;
use crate::timestamp::Timestamp;

/// The error of an attempt whose recorded outcome cannot be read.
pub const OUTCOME_UNREADABLE: &str = "OutcomeUnreadable";

/// The start of an attempt to recover a workflow. The first claim in the log owns the attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryClaim {
    /// The recovery's id, which is also the name of the execution: [`RecoveryId::of_attempt`].
    pub recovery_id: RecoveryId,
    /// The tenant that owns the workflow.
    pub tenant_id: TenantId,
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The version of the workflow.
    pub version: Version,
    /// The hash of that version; absent when it could not be read, or was not the newest one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_hash: Option<ChainHash>,
    /// The number of the attempt at that version, counted from 1.
    pub attempt: u32,
    /// The trigger that started it.
    pub trigger: Trigger,
    /// The principal for whom it acts.
    pub requested_by: PrincipalId,
    /// The roles of that principal at the time of the request.
    pub roles: BTreeSet<String>,
    /// The reason of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Links it to its cause in other services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// The delay before its first turn, in seconds.
    pub delay_seconds: u32,
    /// The server's time of the claim.
    pub claimed_at: Timestamp,
}

impl LogEntry for RecoveryClaim {}
impl LogEntry for RecoveryRecord {}

impl RecoveryClaim {
    /// The workflow it is about.
    #[must_use]
    pub fn key(&self) -> WorkflowKey {
        WorkflowKey { tenant_id: self.tenant_id.clone(), workflow_id: self.workflow_id.clone() }
    }

    /// The substitute for an unreadable outcome record.
    #[must_use]
    pub fn ended_unreadably(&self) -> RecoveryRecord {
        self.ended(Outcome::gave_up(OUTCOME_UNREADABLE, "its recorded outcome cannot be read"), self.claimed_at)
    }

    /// The record of its outcome.
    #[must_use]
    pub fn ended(&self, outcome: Outcome, ended_at: Timestamp) -> RecoveryRecord {
        RecoveryRecord {
            recovery_id: self.recovery_id.clone(),
            tenant_id: self.tenant_id.clone(),
            workflow_id: self.workflow_id.clone(),
            version: self.version,
            head_hash: self.head_hash.clone(),
            attempt: self.attempt,
            outcome,
            started_at: None,
            ended_at,
            steps: Vec::new(),
        }
    }
}

/// The outcome of an attempt. The first recorded one stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRecord {
    /// The recovery's id.
    pub recovery_id: RecoveryId,
    /// The tenant that owns the workflow.
    pub tenant_id: TenantId,
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The version of the workflow when the attempt was claimed.
    pub version: Version,
    /// The hash of that version, as the claim has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_hash: Option<ChainHash>,
    /// The number of the attempt at that version.
    pub attempt: u32,
    /// The outcome.
    pub outcome: Outcome,
    /// The time of its first turn; absent when no turn is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its outcome was recorded.
    pub ended_at: Timestamp,
    /// The completed steps, in order.
    pub steps: Vec<Step>,
}

impl RecoveryRecord {
    /// The workflow it is about.
    #[must_use]
    pub fn key(&self) -> WorkflowKey {
        WorkflowKey { tenant_id: self.tenant_id.clone(), workflow_id: self.workflow_id.clone() }
    }
}

/// One attempt, as recorded in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryAttempt {
    /// The claim: who started it, when and why.
    pub claim: RecoveryClaim,
    /// The outcome; none until one is recorded.
    pub ended: Option<RecoveryRecord>,
}

/// One attempt as stored in the log. What cannot be read is the hash of the stored bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRecovery {
    /// The version of the workflow, from the key.
    pub version: Version,
    /// The number of the attempt at that version, from the key.
    pub attempt: u32,
    /// The claim; none when the log has none.
    pub claim: Option<Result<RecoveryClaim, ChainHash>>,
    /// The outcome; none until one is recorded.
    pub outcome: Option<Result<RecoveryRecord, ChainHash>>,
}

impl KeptRecovery {
    /// An attempt of which nothing was read yet.
    #[must_use]
    pub fn named((version, attempt): (Version, u32)) -> Self {
        Self { version, attempt, claim: None, outcome: None }
    }

    /// The version and the number in its key. Attempts sort by them.
    #[must_use]
    pub fn place(&self) -> (Version, u32) {
        (self.version, self.attempt)
    }
}

/// The recovery records of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recoveries {
    /// Attempts with a readable claim, newest first.
    pub attempts: Vec<RecoveryAttempt>,
    /// Unreadable claims and outcomes, each as a break.
    pub unreadable: Vec<BreakFound>,
    /// The versions and attempt numbers in the keys of claims and outcomes, readable or not. A number that only an
    /// outcome has is used up as well, because its first outcome stays.
    pub named: BTreeSet<(Version, u32)>,
}

impl Recoveries {
    /// The newest attempt.
    #[must_use]
    pub fn newest(&self) -> Option<&RecoveryAttempt> {
        self.attempts.first()
    }

    /// The highest attempt number at a version in a claim or an outcome, readable or not; 0 when there is none.
    #[must_use]
    pub fn attempts_at(&self, version: Version) -> u32 {
        self.named.range((version, 0)..=(version, u32::MAX)).next_back().map_or(0, |(_, number)| *number)
    }
}
