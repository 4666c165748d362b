//! The recovery document: the complete state of one recovery. The state machine passes it from turn to turn and reads
//! only its `next`.
//!
//! Its JSON is the contract between the state machine and the function that makes the turns. The function ignores
//! members that a machine of another version adds; a member that the machine leaves out has its initial value.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Builder;

use crate::call::Principal;
use crate::event::AppliedRules;
use crate::hash_chain::Checked;
use crate::hashing::ChainHash;
use crate::identifiers::{
    CorrelationId, EventId, PrincipalId, Reason, RecoveryId, TenantId, Version, WorkflowId, WorkflowKey,
};
use crate::recovery::outcome::{Outcome, OutcomeStatus, Step, StepKind, Trigger};
use crate::recovery::records::{RecoveryClaim, RecoveryRecord};
use crate::stored_name::{Part, digest};
use crate::timestamp::Timestamp;

/// What the next turn does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// Read log and index, and plan.
    Assess,
    /// Ask the rules whether the failed workflow may return to ACTIVE.
    AskRules,
    /// Append the transition from FAILED to ACTIVE.
    Apply,
    /// Publish missing events and repair the index entry.
    Publish,
    /// Check that everything is in order now.
    Confirm,
    /// Record the outcome.
    Record,
    /// Nothing: the recovery has ended.
    End,
}

/// The plan, for people and for turns that must know whether events are left to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The failed workflow must return to ACTIVE.
    pub reactivate: bool,
    /// Events are missing on the bus.
    pub publish: bool,
    /// The index entry is missing or wrong.
    pub rebuild_index: bool,
}

/// The approval of the rules, kept between the question and the append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptVerdict {
    /// The version that it applies to.
    pub version: Version,
    /// The applied rules.
    pub rules: AppliedRules,
}

/// The complete state of one recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryDocument {
    /// Its id, which is also the name of the execution.
    pub recovery_id: RecoveryId,
    /// The tenant that owns the workflow.
    pub tenant_id: TenantId,
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The version of the workflow when the recovery was claimed.
    pub version: Version,
    /// The hash of that version, as the claim has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_hash: Option<ChainHash>,
    /// The number of the attempt at that version, counted from 1.
    pub attempt: u32,
    /// The trigger that started it.
    pub trigger: Trigger,
    /// The principal for whom it acts.
    pub requested_by: PrincipalId,
    /// The roles of that principal at the time of the request.
    #[serde(default)]
    pub roles: BTreeSet<String>,
    /// The reason of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Links it to its cause in other services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// The delay before the first turn, in seconds.
    #[serde(default)]
    pub delay_seconds: u32,
    /// The time of the first turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// The time at which it gives up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// The number of completed turns.
    #[serde(default)]
    pub turns: u32,
    /// What the next turn does.
    pub next: Next,
    /// How far the current turn has checked the history, when it is longer than one call checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
    /// The completed steps, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The planned work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Planned>,
    /// The approval of the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<KeptVerdict>,
    /// The outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

impl RecoveryDocument {
    /// The initial document of a recovery. The same claim always gives the same document, so the starter recognises a
    /// repeated start.
    #[must_use]
    pub fn of(claim: &RecoveryClaim) -> Self {
        Self {
            recovery_id: claim.recovery_id.clone(),
            tenant_id: claim.tenant_id.clone(),
            workflow_id: claim.workflow_id.clone(),
            version: claim.version,
            head_hash: claim.head_hash.clone(),
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
            checked: None,
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

    /// The principal for whom it acts.
    #[must_use]
    pub fn principal(&self) -> Principal {
        Principal { id: self.requested_by.clone(), tenant_id: self.tenant_id.clone(), roles: self.roles.clone() }
    }

    /// Adds a completed step.
    pub fn did(&mut self, step: StepKind, at: Timestamp, version: Option<Version>, events: Option<u64>) {
        self.steps.push(Step { step, at, version, events });
    }

    /// Whether a step of this kind was completed.
    #[must_use]
    pub fn has(&self, step: StepKind) -> bool {
        self.steps.iter().any(|done| done.step == step)
    }

    /// Another writer was faster: the recovery must assess the workflow again.
    pub fn look_again(&mut self, at: Timestamp) {
        self.did(StepKind::ChangedMeanwhile, at, None, None);
        self.next = Next::Assess;
    }

    /// The turn continues: it has checked the history up to here. It does not count, because only its last call completes
    /// it; the deadline bounds the calls.
    #[must_use]
    pub fn unfinished(&self, reached: Checked) -> Box<Self> {
        Box::new(Self { turns: self.turns.saturating_sub(1), checked: Some(reached), ..self.clone() })
    }

    /// The recovery has done all that it can.
    pub fn finish(&mut self) {
        let repaired = [StepKind::Reactivated, StepKind::EventsPublished, StepKind::IndexRebuilt];
        let status = if repaired.into_iter().any(|step| self.has(step)) {
            OutcomeStatus::Recovered
        } else {
            OutcomeStatus::AlreadyConsistent
        };
        self.outcome.get_or_insert_with(|| Outcome::of(status));
        self.next = Next::Record;
    }

    /// The recovery gives up, for this reason.
    pub fn give_up(&mut self, error: &str, cause: &str) {
        self.outcome = Some(Outcome::gave_up(error, cause));
        self.next = Next::Record;
    }

    /// An id that follows from the document and its purpose, so a repeated turn gets the same id. Its time is that of
    /// the last completed step, which puts it in time order among others.
    #[must_use]
    pub fn derived_id(&self, what_for: &[Part<'_>]) -> EventId {
        let parts: Vec<Part<'_>> =
            std::iter::once(Part::of(&self.recovery_id)).chain(what_for.iter().cloned()).collect();
        let at = self.steps.last().map(|step| step.at).or(self.started_at);
        let millis = at.and_then(|at| u64::try_from(at.unix_millis()).ok()).unwrap_or_default();
        let mut tail = [0; 10];
        for (to, from) in tail.iter_mut().zip(digest(&parts)) {
            *to = from;
        }
        EventId(Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
    }

    /// Records that the workflow went from FAILED to ACTIVE.
    pub fn reactivated(&mut self, at: Timestamp, version: Version) {
        self.did(StepKind::Reactivated, at, Some(version), None);
        self.next = Next::Publish;
    }

    /// The record of this recovery at its end.
    #[must_use]
    pub fn record(&self, outcome: Outcome, ended_at: Timestamp) -> RecoveryRecord {
        RecoveryRecord {
            recovery_id: self.recovery_id.clone(),
            tenant_id: self.tenant_id.clone(),
            workflow_id: self.workflow_id.clone(),
            version: self.version,
            head_hash: self.head_hash.clone(),
            attempt: self.attempt,
            outcome,
            started_at: self.started_at,
            ended_at,
            steps: self.steps.clone(),
        }
    }
}
