//! A page of a workflow's history.

use alims_domain::event::WorkflowEvent;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, Version};
use alims_domain::refusal::Refusal;
use alims_operations::get_workflow_history::{self as operation, HistoryItem, HistoryPosition, Unreadable};
use serde::Serialize;

use crate::cursor::HistoryCursors;

/// The maximum size of the items of one page together, in bytes of JSON.
///
/// AWS Lambda answers with at most 6 MB, and the answer is quoted once more on its way: a hundred versions of the
/// largest metadata would exceed that.
pub const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;

/// One item of a history: a version or, on request, a refused attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(discriminator(property_name = "event_type", mapping(
    ("WorkflowCreated" = "#/components/schemas/WorkflowEvent"),
    ("WorkflowStateChanged" = "#/components/schemas/WorkflowEvent"),
    ("WorkflowRecovered" = "#/components/schemas/WorkflowEvent"),
    ("WorkflowTransitionRefused" = "#/components/schemas/Refusal"),
    ("UnreadableEntry" = "#/components/schemas/UnreadableEntry"),
))))]
#[serde(untagged)]
pub enum HistoryEntry {
    /// A version.
    Event(Box<WorkflowEvent>),
    /// A refused attempt; its `event_type` is `WorkflowTransitionRefused`.
    Refusal(Box<Refusal>),
    /// A stored entry that cannot be read; its `event_type` is `UnreadableEntry`.
    Unreadable(UnreadableEntry),
}

/// An entry of the history that cannot be read. It has either a `version` or an `event_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnreadableEntry {
    /// Always the same.
    pub event_type: UnreadableEventType,
    /// The version in whose place it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The id of the refused attempt in whose place it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
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

impl From<Unreadable> for UnreadableEntry {
    fn from(unreadable: Unreadable) -> Self {
        let (version, event_id, content) = match unreadable {
            Unreadable::Version { version, content } => (Some(version), None, content),
            Unreadable::Refusal { event_id, content } => (None, Some(event_id), content),
        };
        Self { event_type: UnreadableEventType::UnreadableEntry, version, event_id, content }
    }
}

impl From<HistoryItem> for HistoryEntry {
    fn from(item: HistoryItem) -> Self {
        match item {
            HistoryItem::Version(event) => Self::Event(event),
            HistoryItem::Refusal(refusal) => Self::Refusal(refusal),
            HistoryItem::Unreadable(unreadable) => Self::Unreadable(unreadable.into()),
        }
    }
}

/// A page of a history, oldest first. A page may be shorter than `limit` although more pages follow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryPage {
    /// The items.
    pub items: Vec<HistoryEntry>,
    /// The cursor of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl HistoryPage {
    /// Renders the page after `after`; items that do not fit into one answer move to the next page.
    ///
    /// # Errors
    /// When an item has no JSON, which is a bug.
    pub fn new(
        page: operation::HistoryPage,
        after: HistoryPosition,
        cursors: &HistoryCursors,
    ) -> Result<Self, serde_json::Error> {
        let mut position = after;
        let mut bytes = 0_usize;
        let mut items: Vec<HistoryEntry> = Vec::new();
        for item in page.items {
            let reached = match &item {
                HistoryItem::Version(event) => HistoryPosition { version: Some(event.version), ..position },
                HistoryItem::Refusal(refusal) => HistoryPosition { refusal: Some(refusal.event_id), ..position },
                HistoryItem::Unreadable(Unreadable::Version { version, .. }) => {
                    HistoryPosition { version: Some(*version), ..position }
                }
                HistoryItem::Unreadable(Unreadable::Refusal { event_id, .. }) => {
                    HistoryPosition { refusal: Some(*event_id), ..position }
                }
            };
            let entry = HistoryEntry::from(item);
            bytes = bytes.saturating_add(serde_json::to_vec(&entry)?.len());
            if bytes > ANSWER_BYTES_MAX && !items.is_empty() {
                return Ok(Self { items, next_cursor: Some(cursors.seal(position)) });
            }
            position = reached;
            items.push(entry);
        }
        Ok(Self { items, next_cursor: page.next.map(|position| cursors.seal(position)) })
    }
}
