//! A page of a workflow's history.

use alims_core::event::WorkflowEvent;
use alims_core::operations::get_workflow_history as operation;
use alims_core::operations::get_workflow_history::{HistoryItem, HistoryPosition};
use alims_core::refusal::Refusal;
use serde::Serialize;

use crate::cursor::HistoryCursors;
use crate::problem::Problem;

/// How large the items of one page may be together, in bytes of JSON.
///
/// AWS Lambda answers with at most 6 MB, and the answer is quoted once more on its way: a hundred versions of
/// the largest metadata would not pass.
pub const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;

/// One item of a history: what happened, or, for those who asked for them, what was refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum HistoryEntry {
    /// A version.
    Event(Box<WorkflowEvent>),
    /// A refused attempt; its `event_type` is `WorkflowTransitionRefused`.
    Refusal(Box<Refusal>),
}

impl From<HistoryItem> for HistoryEntry {
    fn from(item: HistoryItem) -> Self {
        match item {
            HistoryItem::Version(event) => Self::Event(event),
            HistoryItem::Refusal(refusal) => Self::Refusal(refusal),
        }
    }
}

/// A page of a history, oldest first. It may be shorter than was asked for and still have a next one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryPage {
    /// The items.
    pub items: Vec<HistoryEntry>,
    /// What to ask the next page with; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl HistoryPage {
    /// Renders a page that went on after `after`; what does not fit into one answer is left to the next page.
    ///
    /// # Errors
    /// [`Problem::Internal`] when an item has no JSON, which is a bug.
    pub fn new(
        page: operation::HistoryPage,
        after: HistoryPosition,
        cursors: &HistoryCursors,
    ) -> Result<Self, Problem> {
        let mut position = after;
        let mut bytes = 0_usize;
        let mut items: Vec<HistoryEntry> = Vec::new();
        for item in page.items {
            let reached = match &item {
                HistoryItem::Version(event) => HistoryPosition { version: Some(event.version), ..position },
                HistoryItem::Refusal(refusal) => HistoryPosition { refusal: Some(refusal.event_id), ..position },
            };
            let entry = HistoryEntry::from(item);
            bytes = bytes.saturating_add(serde_json::to_vec(&entry).map_err(Problem::internal)?.len());
            if bytes > ANSWER_BYTES_MAX && !items.is_empty() {
                return Ok(Self { items, next_cursor: Some(cursors.seal(position)) });
            }
            position = reached;
            items.push(entry);
        }
        Ok(Self { items, next_cursor: page.next.map(|position| cursors.seal(position)) })
    }
}
