//! Rulesets as list-rulesets shows them.

use alims_domain::identifiers::WorkflowType;
use alims_domain::lifecycle::State;
use alims_operations::ports::{ListedRule, ListedRuleset, RulesEngine, Rulesets};

/// So many rulesets of an embedded engine, each for a type of its own and with two rules; and one type without rules.
#[must_use]
pub fn some_rulesets(many: usize) -> Rulesets {
    let workflow_type = |number: usize| format!("type-{number:02}").parse().unwrap();
    let rule = |rule_id: &str, message: &str, moves| ListedRule {
        rule_id: rule_id.to_owned(),
        message: message.to_owned(),
        moves,
        amendments: true,
        signatures: true,
    };
    let ruleset = |number: usize| ListedRuleset {
        ruleset: format!("set-{number:02}"),
        ruleset_version: "1".to_owned(),
        workflow_types: vec![workflow_type(number)],
        rules: vec![
            rule("both", "Do both.", vec![(None, State::Created), (Some(State::Active), State::Completed)]),
            rule("amendments", "Ask first.", Vec::new()),
        ],
    };
    let without: Vec<WorkflowType> = vec!["free-form".parse().unwrap()];
    Rulesets {
        engine: RulesEngine::Embedded,
        workflow_types: Some((0..many).map(workflow_type).chain(without.clone()).collect()),
        types_without_rules: without,
        rulesets: (0..many).map(ruleset).collect(),
    }
}
