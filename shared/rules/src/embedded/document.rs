//! A ruleset as written in YAML, checked only for its form.

use alims_domain::identifiers::WorkflowType;
use alims_domain::lifecycle::State;
use serde::Deserialize;
use std::collections::BTreeSet;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesetDocument {
    /// The ruleset's id.
    pub(super) ruleset: String,
    /// Its version, stored with every decision.
    pub(super) version: String,
    /// The workflow types that it applies to.
    pub(super) workflow_types: Vec<WorkflowType>,
    /// In the order of evaluation.
    pub(super) rules: Vec<RuleDocument>,
}

/// One rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleDocument {
    /// Unique in its ruleset.
    pub(super) id: String,
    /// The transitions that it applies to.
    pub(super) applies_to: Vec<MoveDocument>,
    /// The message for people when it is not met.
    pub(super) message: String,
    /// What must be true, in CEL.
    pub(super) expression: String,
}

/// `{ from: ACTIVE, to: COMPLETED }`, `{ from: NOTHING, to: CREATED }`, or `{ to: CANCELLED }` from wherever.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveDocument {
    from: Option<Origin>,
    to: State,
}

/// The state in which a transition begins.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
enum Origin {
    Nothing,
    State(State),
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "NOTHING" {
            return Ok(Self::Nothing);
        }
        text.parse().map(Self::State).map_err(|error| format!("{error}, or NOTHING for a creation"))
    }
}

impl MoveDocument {
    /// The transitions of the lifecycle that it covers; an error when there is none.
    pub(crate) fn moves(&self) -> Result<BTreeSet<(Option<State>, State)>, String> {
        let creation = (None, State::Created);
        let possible = State::ALL
            .into_iter()
            .flat_map(|from| from.allowed_transitions().into_iter().map(move |to| (Some(from), to)))
            .chain([creation]);
        let meant: BTreeSet<_> = possible
            .filter(|(from, to)| {
                *to == self.to
                    && match self.from {
                        None => true,
                        Some(Origin::Nothing) => from.is_none(),
                        Some(Origin::State(origin)) => *from == Some(origin),
                    }
            })
            .collect();
        if meant.is_empty() {
            let from = match self.from {
                None => "anywhere",
                Some(Origin::Nothing) => "NOTHING",
                Some(Origin::State(origin)) => origin.as_str(),
            };
            return Err(format!("the lifecycle has no move from {from} to {}", self.to));
        }
        Ok(meant)
    }
}
