//! What the log keeps of recoveries: a claim when one is started and an outcome when it has ended.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::identifiers::{CorrelationId, PrincipalId, Reason, RecoveryId, TenantId, Version, WorkflowId, WorkflowKey};
use crate::quarantine::BreakFound;
use crate::recovery::outcome::{Outcome, Step, Trigger};
use crate::timestamp::Timestamp;

/// Somebody starts an attempt to recover a workflow. Whoever's claim is first in the log has the attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryClaim {
    /// The recovery's name, which is the execution's: [`RecoveryId::of_attempt`].
    pub recovery_id: RecoveryId,
    /// Whose workflow it is.
    pub tenant_id: TenantId,
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// The version the workflow was at.
    pub version: Version,
    /// Which attempt at that version it is, counted from 1.
    pub attempt: u32,
    /// Who or what started it.
    pub trigger: Trigger,
    /// In whose name it acts.
    pub requested_by: PrincipalId,
    /// The roles of that principal when it asked.
    pub roles: BTreeSet<String>,
    /// Why it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What ties it to its cause in other services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// How long it waits before its first turn.
    pub delay_seconds: u32,
    /// When it was claimed, by the server's clock.
    pub claimed_at: Timestamp,
}

impl RecoveryClaim {
    /// The workflow it is about.
    #[must_use]
    pub fn key(&self) -> WorkflowKey {
        WorkflowKey { tenant_id: self.tenant_id.clone(), workflow_id: self.workflow_id.clone() }
    }

    /// What stands for the record of its end where that cannot be read.
    #[must_use]
    pub fn ended_unreadably(&self) -> RecoveryRecord {
        self.ended(Outcome::gave_up("OutcomeUnreadable", "its recorded outcome cannot be read"), self.claimed_at)
    }

    /// The record of its end.
    #[must_use]
    pub fn ended(&self, outcome: Outcome, ended_at: Timestamp) -> RecoveryRecord {
        RecoveryRecord {
            recovery_id: self.recovery_id.clone(),
            tenant_id: self.tenant_id.clone(),
            workflow_id: self.workflow_id.clone(),
            version: self.version,
            attempt: self.attempt,
            outcome,
            started_at: None,
            ended_at,
            steps: Vec::new(),
        }
    }
}

/// How an attempt ended. The first one that is recorded stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRecord {
    /// The recovery's name.
    pub recovery_id: RecoveryId,
    /// Whose workflow it is.
    pub tenant_id: TenantId,
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// The version the workflow was at when the attempt was claimed.
    pub version: Version,
    /// Which attempt at that version it was.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// When its first turn was made; absent when none is known of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its outcome was recorded.
    pub ended_at: Timestamp,
    /// What was done, in order.
    pub steps: Vec<Step>,
}

impl RecoveryRecord {
    /// The workflow it is about.
    #[must_use]
    pub fn key(&self) -> WorkflowKey {
        WorkflowKey { tenant_id: self.tenant_id.clone(), workflow_id: self.workflow_id.clone() }
    }
}

/// One attempt, as far as the log knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryAttempt {
    /// Who started it, when and why.
    pub claim: RecoveryClaim,
    /// How it ended; none while nobody has recorded that.
    pub ended: Option<RecoveryRecord>,
}

/// What the log has of a workflow's recoveries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recoveries {
    /// Attempts whose claim can be read, newest first.
    pub attempts: Vec<RecoveryAttempt>,
    /// Claims and outcomes that cannot be read, each as the break it is.
    pub unreadable: Vec<BreakFound>,
    /// The versions and numbers of attempts that the keys of claims and outcomes name, whatever is stored there. A number
    /// that only an outcome has is used up as well: its first outcome stays.
    pub named: BTreeSet<(Version, u32)>,
}

impl Recoveries {
    /// The newest attempt.
    #[must_use]
    pub fn newest(&self) -> Option<&RecoveryAttempt> {
        self.attempts.first()
    }

    /// The highest number of an attempt at a version that a claim or an outcome has, readable or not; 0 when there is none.
    #[must_use]
    pub fn attempts_at(&self, version: Version) -> u32 {
        self.named.range((version, 0)..=(version, u32::MAX)).next_back().map_or(0, |(_, number)| *number)
    }
}
