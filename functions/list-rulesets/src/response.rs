//! A page of the rulesets.

use alims_domain::identifiers::WorkflowType;
use alims_domain::lifecycle::State;
use alims_edge::cursor::Cursors;
use alims_operations::list_rulesets::RulesetPage;
use alims_operations::ports::{ListedRule, ListedRuleset, RulesEngine};
use serde::Serialize;

use crate::request::Place;

/// The rulesets by which the service judges creations, transitions, amendments and signatures, as far as it knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RulesetList {
    /// The engine that judges: `embedded` in the service, `remote` by the service's contract for engines, or `alims`,
    /// the PredicateLogic Engine.
    pub engine: RulesEngineName,
    /// Whether an engine elsewhere keeps the rules. The service then does not know them, and `items` is empty.
    pub kept_elsewhere: bool,
    /// Every workflow type that may be created, in alphabetical order; absent when any may be, or when only the engine
    /// elsewhere knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_types: Option<Vec<WorkflowType>>,
    /// The workflow types that are known to have no rules: the lifecycle alone decides. The same holds for every type
    /// that no list here names, unless the rules are kept elsewhere.
    pub types_without_rules: Vec<WorkflowType>,
    /// The rulesets, in the order of their ids.
    pub items: Vec<RulesetShown>,
    /// The cursor of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The engine that judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RulesEngineName {
    /// In the service.
    Embedded,
    /// Elsewhere, by the service's contract for engines.
    Remote,
    /// Elsewhere: the PredicateLogic Engine.
    Alims,
}

/// A ruleset, for one or more workflow types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RulesetShown {
    /// Its id, as in `rules.ruleset` of an event.
    pub ruleset: String,
    /// Its version, as in `rules.ruleset_version` of an event.
    pub ruleset_version: String,
    /// The workflow types that it is for; no other ruleset is for them.
    pub workflow_types: Vec<WorkflowType>,
    /// Its rules, in the order of evaluation.
    pub rules: Vec<RuleShown>,
}

/// A rule. A transition or an amendment must meet all that apply to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleShown {
    /// Its id, as in the `reasons` of a refusal.
    pub rule_id: String,
    /// The message for people when it is not met.
    pub message: String,
    /// The creations and transitions that it applies to; empty when it applies to amendments or signatures only.
    pub moves: Vec<MoveShown>,
    /// Whether it applies to amendments, in every state.
    pub amendments: bool,
    /// Whether it applies to electronic signatures, in every state.
    pub signatures: bool,
}

/// A transition of the lifecycle, or a creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MoveShown {
    /// The state before; null for a creation.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub from_state: Option<State>,
    /// The state after.
    pub to_state: State,
}

impl RulesetList {
    /// Renders a page.
    #[must_use]
    pub fn new(page: RulesetPage, cursors: &Cursors) -> Self {
        let next_cursor = page.next.map(|after| cursors.seal(&Place { after }));
        Self {
            engine: page.engine.into(),
            kept_elsewhere: page.engine.is_elsewhere(),
            workflow_types: page.workflow_types.map(|types| types.into_iter().collect()),
            types_without_rules: page.types_without_rules,
            items: page.items.into_iter().map(RulesetShown::from).collect(),
            next_cursor,
        }
    }
}

impl From<RulesEngine> for RulesEngineName {
    fn from(engine: RulesEngine) -> Self {
        match engine {
            RulesEngine::Embedded => Self::Embedded,
            RulesEngine::Remote => Self::Remote,
            RulesEngine::Alims => Self::Alims,
        }
    }
}

impl From<ListedRuleset> for RulesetShown {
    fn from(ruleset: ListedRuleset) -> Self {
        let ListedRuleset { ruleset, ruleset_version, workflow_types, rules } = ruleset;
        Self { ruleset, ruleset_version, workflow_types, rules: rules.into_iter().map(RuleShown::from).collect() }
    }
}

impl From<ListedRule> for RuleShown {
    fn from(rule: ListedRule) -> Self {
        let shown = |(from_state, to_state)| MoveShown { from_state, to_state };
        Self {
            rule_id: rule.rule_id,
            message: rule.message,
            moves: rule.moves.into_iter().map(shown).collect(),
            amendments: rule.amendments,
            signatures: rule.signatures,
        }
    }
}
