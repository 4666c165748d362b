//! Lists the loaded rulesets, for those who must meet their rules.

use alims_operations::ports::{ListedRule, ListedRuleset, RulesEngine, Rulesets};
use std::collections::BTreeMap;

use super::{EmbeddedRules, Rule};
use crate::occasion::Occasion;

impl EmbeddedRules {
    /// The loaded rulesets, in the order of their ids, and the workflow types that may be created.
    #[must_use]
    pub fn rulesets(&self) -> Rulesets {
        let mut listed: BTreeMap<&str, ListedRuleset> = BTreeMap::new();
        for (workflow_type, ruleset) in &self.rulesets {
            let entry = listed.entry(&ruleset.id).or_insert_with(|| ListedRuleset {
                ruleset: ruleset.id.clone(),
                ruleset_version: ruleset.version.clone(),
                workflow_types: Vec::new(),
                rules: ruleset.rules.iter().map(ListedRule::from).collect(),
            });
            entry.workflow_types.push(workflow_type.clone());
        }
        Rulesets {
            engine: RulesEngine::Embedded,
            workflow_types: self.known.types().cloned(),
            types_without_rules: self.known.without_rules().cloned().collect(),
            rulesets: listed.into_values().collect(),
        }
    }
}

impl From<&Rule> for ListedRule {
    fn from(rule: &Rule) -> Self {
        let moved = |occasion: &Occasion| match occasion {
            Occasion::Move(from, to) => Some((*from, *to)),
            Occasion::Amendment | Occasion::Signature => None,
        };
        Self {
            rule_id: rule.id.clone(),
            message: rule.message.trim_end().to_owned(),
            moves: rule.occasions.iter().filter_map(moved).collect(),
            amendments: rule.occasions.contains(&Occasion::Amendment),
            signatures: rule.occasions.contains(&Occasion::Signature),
        }
    }
}
