//! The recovery document: all that is known of one recovery, handed from turn to turn by a machine that reads only
//! `next` of it.
//!
//! Its JSON is the contract between the state machine and the function of its turns. What a machine of another version
//! adds is not read; what it leaves out is as at the beginning.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Builder;

use crate::call::Principal;
use crate::event::AppliedRules;
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

    /// Adds what was done.
    pub fn did(&mut self, step: StepKind, at: Timestamp, version: Option<Version>, events: Option<u64>) {
        self.steps.push(Step { step, at, version, events });
    }

    /// Whether something of this kind was done.
    #[must_use]
    pub fn has(&self, step: StepKind) -> bool {
        self.steps.iter().any(|done| done.step == step)
    }

    /// Others were quicker: what is to be done has to be found out anew.
    pub fn look_again(&mut self, at: Timestamp) {
        self.did(StepKind::ChangedMeanwhile, at, None, None);
        self.next = Next::Assess;
    }

    /// All is in order, or as far as it can be.
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

    /// It cannot be brought to an end, because of this.
    pub fn give_up(&mut self, error: &str, cause: &str) {
        self.outcome = Some(Outcome::gave_up(error, cause));
        self.next = Next::Record;
    }

    /// An id that follows from the document and what it is for: a turn that is made again has the same one. Its time is
    /// that of the last thing done, so that it takes its place among others by time.
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

    /// The workflow was moved from FAILED to ACTIVE.
    pub fn reactivated(&mut self, at: Timestamp, version: Version) {
        self.did(StepKind::Reactivated, at, Some(version), None);
        self.next = Next::Publish;
    }

    /// The record of this recovery, which has come to its end.
    #[must_use]
    pub fn record(&self, outcome: Outcome, ended_at: Timestamp) -> RecoveryRecord {
        RecoveryRecord {
            recovery_id: self.recovery_id.clone(),
            tenant_id: self.tenant_id.clone(),
            workflow_id: self.workflow_id.clone(),
            version: self.version,
            attempt: self.attempt,
            outcome,
            started_at: self.started_at,
            ended_at,
            steps: self.steps.clone(),
        }
    }
}
