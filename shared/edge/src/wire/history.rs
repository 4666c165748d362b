//! The entries of a workflow's log, as callers see them.

use alims_domain::event::WorkflowEvent;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, PrincipalId, Reason, RecoveryId, Version};
use alims_domain::overdue::Overdue;
use alims_domain::quarantine::{Quarantine, Release};
use alims_domain::recovery::outcome::Trigger;
use alims_domain::recovery::records::{KeptRecovery, OUTCOME_UNREADABLE, RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::{Refusal, RuleReason};
use alims_domain::sealed::{Shown, hash_of};
use alims_domain::timestamp::Timestamp;
use alims_operations::get_workflow_history::{HistoryItem, Unreadable};
use serde::Serialize;

use crate::wire::{ChainFault, RecoveryStep, Status};

// In the document a generic type would have its parameter in its name.
type ShownRefusal = Shown<Refusal>;
type ShownQuarantine = Shown<Quarantine>;
type ShownRelease = Shown<Release>;
type ShownOverdue = Shown<Overdue>;

/// One entry of a history: a version or, on request, another entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(discriminator(property_name = "event_type", mapping(
    ("WorkflowCreated" = "#/components/schemas/WorkflowEvent"),
    ("WorkflowStateChanged" = "#/components/schemas/WorkflowEvent"),
    ("WorkflowRecovered" = "#/components/schemas/WorkflowEvent"),
    ("WorkflowAmended" = "#/components/schemas/WorkflowEvent"),
    ("WorkflowSigned" = "#/components/schemas/WorkflowEvent"),
    ("WorkflowTransitionRefused" = "#/components/schemas/Refusal"),
    ("WorkflowQuarantined" = "#/components/schemas/Quarantine"),
    ("WorkflowReleased" = "#/components/schemas/Release"),
    ("WorkflowOverdue" = "#/components/schemas/Overdue"),
    ("RecoveryAttempt" = "#/components/schemas/RecoveryAttempt"),
    ("UnreadableEntry" = "#/components/schemas/UnreadableEntry"),
))))]
#[serde(untagged)]
pub enum HistoryEntry {
    /// A version.
    Event(Box<WorkflowEvent>),
    /// A refused attempt; its `event_type` is `WorkflowTransitionRefused`.
    Refusal(Box<ShownRefusal>),
    /// A break was found; its `event_type` is `WorkflowQuarantined`.
    Quarantined(Box<ShownQuarantine>),
    /// A person released a break; its `event_type` is `WorkflowReleased`.
    Released(Box<ShownRelease>),
    /// The workflow was open at its due date; its `event_type` is `WorkflowOverdue`.
    Overdue(Box<ShownOverdue>),
    /// An attempt to recover the workflow; its `event_type` is `RecoveryAttempt`.
    Recovery(Box<RecoveryAttempt>),
    /// A stored entry that cannot be read; its `event_type` is `UnreadableEntry`.
    Unreadable(UnreadableEntry),
}

/// An entry of the history that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnreadableEntry {
    /// Always the same.
    pub event_type: UnreadableEventType,
    /// The kind of entry that its key names.
    pub entry: EntryKind,
    /// The version in its key. A refused attempt and a due date have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The id of the refused attempt in whose place it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
    /// The due date in whose place it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// The hash of the stored bytes.
    pub content: ChainHash,
}

/// The one type of an entry that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum UnreadableEventType {
    /// The only one.
    UnreadableEntry,
}

/// The kinds of entries that the history shows as unreadable. An unreadable recovery is a `RecoveryAttempt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A version.
    Version,
    /// A refused attempt.
    Refusal,
    /// A quarantine or its release.
    Quarantine,
    /// The record of a due date that passed.
    Overdue,
    /// An audit entry of the tenant; only the activity shows it.
    Audit,
}

/// An attempt to recover the workflow: who asked for it, when and why, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryAttempt {
    /// Always the same.
    pub event_type: RecoveryEventType,
    /// The version the workflow was at.
    pub version: Version,
    /// The number of the attempt at that version.
    pub attempt: u32,
    /// How it ended; `running` while no outcome is recorded.
    pub status: Status,
    /// The id of the recovery; absent when nothing of it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_id: Option<RecoveryId>,
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
    /// The hash of the entry that the request made in the log. It covers more than is shown here; an export has the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_hash: Option<ChainHash>,
    /// The hash of the entry that the outcome made in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_hash: Option<ChainHash>,
    /// The hash of the stored request, when that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable_request: Option<ChainHash>,
    /// The hash of the stored outcome, when that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable_outcome: Option<ChainHash>,
}

/// The one type of an attempt to recover a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RecoveryEventType {
    /// The only one.
    RecoveryAttempt,
}

impl UnreadableEntry {
    /// One whose key says nothing but the kind.
    #[must_use]
    pub const fn of(entry: EntryKind, content: ChainHash) -> Self {
        let event_type = UnreadableEventType::UnreadableEntry;
        Self { event_type, entry, version: None, event_id: None, due_at: None, content }
    }
}

impl From<Unreadable> for UnreadableEntry {
    fn from(unreadable: Unreadable) -> Self {
        let of = Self::of;
        match unreadable {
            Unreadable::Version { version, content } => {
                Self { version: Some(version), ..of(EntryKind::Version, content) }
            }
            Unreadable::Refusal { event_id, content } => {
                Self { event_id: Some(event_id), ..of(EntryKind::Refusal, content) }
            }
            Unreadable::Overdue { due_at, content } => Self { due_at: Some(due_at), ..of(EntryKind::Overdue, content) },
            Unreadable::Quarantine { version, content } => Self { version, ..of(EntryKind::Quarantine, content) },
        }
    }
}

impl From<KeptRecovery> for RecoveryAttempt {
    fn from(kept: KeptRecovery) -> Self {
        let (claim, unreadable_request) = readable(kept.claim);
        let (outcome, unreadable_outcome) = readable(kept.outcome);
        let lost = unreadable_outcome.is_some();
        let named = Self {
            event_type: RecoveryEventType::RecoveryAttempt,
            version: kept.version,
            attempt: kept.attempt,
            status: if lost { Status::GaveUp } else { Status::Running },
            recovery_id: None,
            trigger: None,
            requested_by: None,
            reason: None,
            requested_at: None,
            started_at: None,
            ended_at: None,
            steps: Vec::new(),
            reasons: None,
            ruleset: None,
            ruleset_version: None,
            broken_at_version: None,
            fault: None,
            error: lost.then(|| OUTCOME_UNREADABLE.to_owned()),
            request_hash: None,
            outcome_hash: None,
            unreadable_request,
            unreadable_outcome,
        };
        let claimed = match claim {
            Some(claim) => named.claimed(claim),
            None => named,
        };
        match outcome {
            Some(outcome) => claimed.ended(outcome),
            None => claimed,
        }
    }
}

impl RecoveryAttempt {
    fn claimed(self, claim: RecoveryClaim) -> Self {
        let request_hash = hash_of(&claim).ok();
        Self {
            recovery_id: Some(claim.recovery_id),
            trigger: Some(claim.trigger),
            requested_by: Some(claim.requested_by),
            reason: claim.reason,
            requested_at: Some(claim.claimed_at),
            request_hash,
            ..self
        }
    }

    fn ended(self, record: RecoveryRecord) -> Self {
        let outcome_hash = hash_of(&record).ok();
        let RecoveryRecord { recovery_id, outcome, started_at, ended_at, steps, .. } = record;
        Self {
            recovery_id: Some(recovery_id),
            status: outcome.status.into(),
            started_at,
            ended_at: Some(ended_at),
            steps: steps.into_iter().map(RecoveryStep::from).collect(),
            reasons: Some(outcome.reasons).filter(|reasons| !reasons.is_empty()),
            ruleset: outcome.ruleset,
            ruleset_version: outcome.ruleset_version,
            broken_at_version: outcome.broken_at_version,
            fault: outcome.fault.as_ref().map(ChainFault::from),
            error: outcome.error,
            outcome_hash,
            ..self
        }
    }
}

impl From<HistoryItem> for HistoryEntry {
    fn from(item: HistoryItem) -> Self {
        match item {
            HistoryItem::Version(event) => Self::Event(event),
            HistoryItem::Refusal(refusal) => Self::Refusal(Box::new(Shown(*refusal))),
            HistoryItem::Quarantined(entry) => Self::Quarantined(Box::new(Shown(*entry))),
            HistoryItem::Released(entry) => Self::Released(Box::new(Shown(*entry))),
            HistoryItem::Overdue(entry) => Self::Overdue(Box::new(Shown(*entry))),
            HistoryItem::Recovery(kept) => Self::Recovery(Box::new((*kept).into())),
            HistoryItem::Unreadable(unreadable) => Self::Unreadable(unreadable.into()),
        }
    }
}

fn readable<T>(kept: Option<Result<T, ChainHash>>) -> (Option<T>, Option<ChainHash>) {
    match kept {
        None => (None, None),
        Some(Ok(value)) => (Some(value), None),
        Some(Err(content)) => (None, Some(content)),
    }
}
