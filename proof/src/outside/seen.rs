//! What was seen, line by line: `tests/tests/e2e/recorder.rs` writes it.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A workflow: its tenant and its id.
pub type Workflow = (String, String);

/// One thing that was seen. The order of the lines is that of the time: what is asked is written down before it is sent,
/// an answer and an event after they came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Seen {
    /// A request is about to be sent.
    Asked {
        /// What its caller calls it; versions and refusals keep that as their `correlation_id`.
        call: String,
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
    /// A version's event was received.
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
    /// Which workflow that is about; an answer is about what was asked.
    fn about(&self, asked: &BTreeMap<String, Workflow>) -> Option<Workflow> {
        match self {
            Self::Asked { tenant, workflow, .. } | Self::History { tenant, workflow, .. } => {
                Some((tenant.clone(), workflow.clone()))
            }
            Self::Answered { call, .. } => asked.get(call).cloned(),
            Self::Received { detail, .. } => Some((text(&detail["tenant_id"]), text(&detail["workflow_id"]))),
        }
    }
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

/// What was seen of each workflow, each line with its place in the recording.
#[must_use]
pub fn by_workflow(recording: &[Seen]) -> BTreeMap<Workflow, Vec<(usize, Seen)>> {
    let mut asked = BTreeMap::new();
    let mut found: BTreeMap<Workflow, Vec<(usize, Seen)>> = BTreeMap::new();
    for (place, seen) in recording.iter().enumerate() {
        let Some(workflow) = seen.about(&asked) else { continue };
        if let Seen::Asked { call, .. } = seen {
            asked.insert(call.clone(), workflow.clone());
        }
        found.entry(workflow).or_default().push((place, seen.clone()));
    }
    found
}
