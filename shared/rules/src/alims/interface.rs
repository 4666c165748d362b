//! The used part of the engine's own HTTP interface. Another team owns and extends it: unknown members are ignored.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The prefix of all its paths.
pub(super) const BASE: &str = "/api/v1/predicate-logic";
/// The list of rules, in bytes: some thousands of them, each with its conditions.
pub(super) const RULES_BYTES_MAX: usize = 2 * 1024 * 1024;

/// `POST /facts`.
#[derive(Debug, Serialize)]
pub(super) struct FactGiven<'f> {
    id: &'f str,
    r#type: &'static str,
    attributes: &'f Map<String, Value>,
    confidence: u8,
    source: &'static str,
}

impl<'f> FactGiven<'f> {
    /// A fact that is certain.
    pub(super) fn new(id: &'f str, attributes: &'f Map<String, Value>) -> Self {
        Self { id, r#type: "WORKFLOW_STATE", attributes, confidence: 100, source: "workflow-manager" }
    }
}

/// `POST /evaluate`.
#[derive(Debug, Serialize)]
pub(super) struct Evaluation<'e> {
    pub(super) rule_id: &'e str,
    pub(super) input_facts: [&'e str; 1],
}

/// The engine's answer.
#[derive(Debug, Deserialize)]
pub(super) struct Evaluated {
    pub(super) rule_id: String,
    /// Null when it could not be decided.
    pub(super) result: Option<bool>,
}

/// One of `GET /rules`.
#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) state: String,
    /// All must hold. Only used for words: conditions of another form are not named.
    #[serde(default)]
    pub(super) conditions: Value,
}

impl Rule {
    /// Whether the engine evaluates it.
    pub(super) fn is_active(&self) -> bool {
        self.state == "ACTIVE"
    }

    /// Whether the engine can still make it active.
    pub(super) fn is_draft(&self) -> bool {
        self.state == "DRAFT"
    }
}
