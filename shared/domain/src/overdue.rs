//! The record that a workflow was overdue: it changes no state and no version, and the log keeps one for each due date.

use serde::{Deserialize, Serialize};

use crate::event::WorkflowEvent;
use crate::hashing::ChainHash;
use crate::identifiers::{EventId, PrincipalId, TenantId, Version, WorkflowId, WorkflowKey, WorkflowType};
use crate::labels::Labels;
use crate::lifecycle::State;
use crate::sealed::LogEntry;
use crate::timestamp::Timestamp;

/// The event type of such a record in the log and its detail type on the bus.
pub const WORKFLOW_OVERDUE: &str = "WorkflowOverdue";

/// A workflow and a due date: of the two together there is at most one record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Deadline {
    /// The workflow.
    pub key: WorkflowKey,
    /// When it was to be finished.
    pub due_at: Timestamp,
}

/// The record that a workflow was open at its due date, as the log keeps it and the bus carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Overdue {
    /// The record's identity, a UUIDv7.
    pub event_id: EventId,
    /// The tenant that owns the workflow.
    pub tenant_id: TenantId,
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The kind of work.
    pub workflow_type: WorkflowType,
    /// The kind of event; always the same.
    pub event_type: OverdueEventType,
    /// The version of the workflow when the sweep read it.
    pub version: Version,
    /// The hash of that version.
    pub head_hash: ChainHash,
    /// The state of the workflow at that version: one that it can leave.
    pub current_state: State,
    /// The due date that passed. A workflow with another due date has another record.
    pub due_at: Timestamp,
    /// Who should do the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PrincipalId>,
    /// The labels of the workflow; absent when there are none.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Who created the workflow.
    pub created_by: PrincipalId,
    /// The server's time when the sweep found it: at the due date or later.
    pub timestamp: Timestamp,
}

impl LogEntry for Overdue {}

impl Overdue {
    /// The record of a workflow that is overdue now; none when it is closed, has another due date, or still has time.
    #[must_use]
    pub fn of(head: &WorkflowEvent, due_at: Timestamp, event_id: EventId, now: Timestamp) -> Option<Self> {
        if head.to_state.is_closed() || head.due_at != Some(due_at) || now < due_at {
            return None;
        }
        Some(Self {
            event_id,
            tenant_id: head.tenant_id.clone(),
            workflow_id: head.workflow_id.clone(),
            workflow_type: head.workflow_type.clone(),
            event_type: OverdueEventType::default(),
            version: head.version,
            head_hash: head.hash.clone(),
            current_state: head.to_state,
            due_at,
            assignee: head.assignee.clone(),
            labels: head.labels.clone(),
            created_by: head.created_by.clone(),
            timestamp: now,
        })
    }

    /// The workflow.
    #[must_use]
    pub fn key(&self) -> WorkflowKey {
        WorkflowKey { tenant_id: self.tenant_id.clone(), workflow_id: self.workflow_id.clone() }
    }

    /// The workflow and the due date, of which this is the record.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        Deadline { key: self.key(), due_at: self.due_at }
    }
}

/// The one event type of such a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum OverdueEventType {
    /// The only one.
    #[default]
    WorkflowOverdue,
}

/// Such a record as stored in the log.
#[derive(Clone, Debug, PartialEq)]
pub enum KeptOverdue {
    /// A readable one.
    Overdue(Box<Overdue>),
    /// An unreadable one.
    Unreadable {
        /// The due date in its key.
        due_at: Timestamp,
        /// The hash of the stored bytes.
        content: ChainHash,
    },
}

impl KeptOverdue {
    /// The due date.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        match self {
            Self::Overdue(overdue) => overdue.due_at,
            Self::Unreadable { due_at, .. } => *due_at,
        }
    }
}
