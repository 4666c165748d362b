//! A ruleset as written in YAML, checked only for its form.

use alims_domain::identifiers::WorkflowType;
use alims_domain::lifecycle::State;
use serde::Deserialize;
use std::collections::BTreeSet;

use crate::occasion::Occasion;

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
    /// What it applies to.
    pub(super) applies_to: Vec<OccasionDocument>,
    /// The message for people when it is not met.
    pub(super) message: String,
    /// What must be true, in CEL.
    pub(super) expression: String,
}

/// `{ from: ACTIVE, to: COMPLETED }`, `{ from: NOTHING, to: CREATED }`, `{ to: CANCELLED }` from wherever,
/// `{ amendment: true }`, or `{ signature: true }`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OccasionDocument {
    from: Option<Origin>,
    to: Option<State>,
    amendment: Option<bool>,
    signature: Option<bool>,
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

impl OccasionDocument {
    /// What it covers: moves of the lifecycle, amendments or signatures; an error when it covers nothing or could mean
    /// several.
    pub(crate) fn occasions(&self) -> Result<BTreeSet<Occasion>, String> {
        match (self.amendment, self.signature, self.from, self.to) {
            (None, None, from, Some(to)) => moves(from, to),
            (Some(true), None, None, None) => Ok([Occasion::Amendment].into()),
            (None, Some(true), None, None) => Ok([Occasion::Signature].into()),
            (None, None, Some(_), None) => Err("a move needs `to`".to_owned()),
            (None, None, None, None) => Err("an entry needs `to`, `amendment: true` or `signature: true`".to_owned()),
            (Some(false), ..) => {
                Err("`amendment: false` means nothing: name the moves, or write `amendment: true`".to_owned())
            }
            (_, Some(false), ..) => {
                Err("`signature: false` means nothing: name the moves, or write `signature: true`".to_owned())
            }
            (Some(true), Some(true), ..) => {
                Err("an entry is for amendments or for signatures, not for both: write two entries".to_owned())
            }
            (Some(true), None, ..) => {
                Err("an entry is for a move or for amendments, not for both: write two entries".to_owned())
            }
            (None, Some(true), ..) => {
                Err("an entry is for a move or for signatures, not for both: write two entries".to_owned())
            }
        }
    }
}

/// The moves of the lifecycle from one state, or from wherever, to another; an error when there is none.
fn moves(origin: Option<Origin>, target: State) -> Result<BTreeSet<Occasion>, String> {
    let creation = (None, State::Created);
    let possible = State::ALL
        .into_iter()
        .flat_map(|from| from.allowed_transitions().into_iter().map(move |to| (Some(from), to)))
        .chain([creation]);
    let meant: BTreeSet<_> = possible
        .filter(|(from, to)| {
            *to == target
                && match origin {
                    None => true,
                    Some(Origin::Nothing) => from.is_none(),
                    Some(Origin::State(origin)) => *from == Some(origin),
                }
        })
        .map(|(from, to)| Occasion::Move(from, to))
        .collect();
    if meant.is_empty() {
        let from = match origin {
            None => "anywhere",
            Some(Origin::Nothing) => "NOTHING",
            Some(Origin::State(origin)) => origin.as_str(),
        };
        let hint = match origin {
            Some(Origin::State(origin)) if origin == target => {
                ": for what keeps the state write `amendment: true` or `signature: true`"
            }
            Some(_) | None => "",
        };
        return Err(format!("the lifecycle has no move from {from} to {target}{hint}"));
    }
    Ok(meant)
}
