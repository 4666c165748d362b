//! What was seen, line by line: `tests/tests/e2e/recorder.rs` writes it.

use alims_domain::event::EventType;
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One thing that was seen. The order of the lines is that of the time: what is asked is written down before it is sent,
/// an answer and an event after they came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Seen {
    /// A request is about to be sent.
    Asked {
        /// What its caller calls it. A transition in a batch is a call of its own.
        call: String,
        /// What versions and refusals keep as their `correlation_id`: that of the whole request.
        correlation: String,
        /// Who asks.
        subject: String,
        /// Of whom.
        tenant: String,
        /// Of what.
        workflow: String,
        /// Method and path, without the query.
        route: String,
        /// The idempotency key.
        key: Option<String>,
        /// What is sent.
        body: Value,
    },
    /// A request was answered.
    Answered {
        /// Which one.
        call: String,
        /// The status.
        status: u16,
        /// What came.
        body: Value,
    },
    /// An event was received.
    Received {
        /// The event.
        detail: Value,
        /// Whether the archive put it again.
        archived: bool,
    },
    /// The whole history of a workflow, after all that.
    History {
        /// Whose.
        tenant: String,
        /// Of what.
        workflow: String,
        /// Versions and refusals.
        items: Vec<Value>,
    },
}

impl Seen {
    /// The workflow that is named in it, with its tenant.
    #[must_use]
    pub fn workflow(&self) -> Option<String> {
        let (tenant, workflow) = match self {
            Self::Asked { tenant, workflow, .. } | Self::History { tenant, workflow, .. } => (tenant, workflow),
            Self::Received { detail, .. } => (&text(&detail["tenant_id"]), &text(&detail["workflow_id"])),
            Self::Answered { .. } => return None,
        };
        Some(format!("{workflow} of the tenant {tenant}"))
    }

    /// The workflow it is about; an answer is about what was asked. None for an event that is no version's: such events
    /// have no place in the order that `spec/OutsideWorkflowManager.tla` describes.
    #[must_use]
    pub fn about(&self, asked: &BTreeMap<String, String>) -> Option<String> {
        match self {
            Self::Answered { call, .. } => asked.get(call).cloned(),
            Self::Received { detail, .. } if !is_version(detail) => None,
            _ => self.workflow(),
        }
    }
}

/// Whether an item of a history, or an event, is a version, and not a refusal, a due date that passed or the like.
#[must_use]
pub fn is_version(item: &Value) -> bool {
    EventType::deserialize(&item["event_type"]).is_ok()
}

/// A text, or none as an empty one.
#[must_use]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A number, or none as 0.
#[must_use]
pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// Reads a recording.
///
/// # Errors
/// When a line is none.
pub fn read(recording: &str) -> anyhow::Result<Vec<Seen>> {
    let parse = |(line, number): (&str, usize)| {
        serde_json::from_str(line).with_context(|| format!("line {number} of the recording is not understood"))
    };
    recording.lines().zip(1..).map(parse).collect()
}
