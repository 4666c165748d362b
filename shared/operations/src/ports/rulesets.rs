//! What the service knows of the rules by which it judges.

use alims_domain::identifiers::WorkflowType;
use alims_domain::lifecycle::State;
use std::collections::BTreeSet;

/// The rulesets. They do not change while a process runs, so they are a value and no trait.
///
/// An adapter MUST list every ruleset by which it judges, in the order of their ids and each once, with its rules in the
/// order of evaluation; or, when an engine elsewhere keeps the rules, none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rulesets {
    /// The engine that judges.
    pub engine: RulesEngine,
    /// Every workflow type that may be created; none where any may, or where only the engine elsewhere knows.
    pub workflow_types: Option<BTreeSet<WorkflowType>>,
    /// The workflow types that are known to have no rules.
    pub types_without_rules: Vec<WorkflowType>,
    /// The rulesets.
    pub rulesets: Vec<ListedRuleset>,
}

/// The engine that judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesEngine {
    /// In the service.
    Embedded,
    /// Elsewhere, by the service's contract for engines.
    Remote,
    /// Elsewhere: ALIMS's own engine.
    Alims,
}

/// A ruleset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRuleset {
    /// Its id.
    pub ruleset: String,
    /// Its version.
    pub ruleset_version: String,
    /// The workflow types that it is for, and no other ruleset.
    pub workflow_types: Vec<WorkflowType>,
    /// Its rules.
    pub rules: Vec<ListedRule>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRule {
    /// Its id.
    pub rule_id: String,
    /// The message for people when it is not met.
    pub message: String,
    /// The moves that it applies to, a creation as one from no state.
    pub moves: Vec<(Option<State>, State)>,
    /// Whether it applies to amendments.
    pub amendments: bool,
    /// Whether it applies to signatures.
    pub signatures: bool,
}

impl RulesEngine {
    /// Whether the rules are kept elsewhere.
    #[must_use]
    pub const fn is_elsewhere(self) -> bool {
        match self {
            Self::Embedded => false,
            Self::Remote | Self::Alims => true,
        }
    }
}

impl Rulesets {
    /// What is known of an engine's rules that are kept elsewhere: nothing.
    #[must_use]
    pub const fn elsewhere(engine: RulesEngine) -> Self {
        Self { engine, workflow_types: None, types_without_rules: Vec::new(), rulesets: Vec::new() }
    }
}

impl ListedRuleset {
    /// About how many bytes of an answer it is: its texts, and the names of what is around them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let types = self.workflow_types.iter().map(|kind| kind.as_str().len() + 3);
        let rules = self.rules.iter().map(|rule| rule.rule_id.len() + rule.message.len() + 64 + rule.moves.len() * 48);
        types.chain(rules).fold(128, usize::saturating_add)
    }
}
