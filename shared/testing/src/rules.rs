//! Rules for tests, each described by one sentence.

use alims_domain::event::AppliedRules;
use alims_domain::refusal::RuleReason;
use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_operations::ports::{RulesUnavailable, TransitionRules};

/// Allow every move, by the ruleset `test` 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct RulesThatAllow;

/// Refuse every move, for two reasons.
#[derive(Clone, Copy, Debug, Default)]
pub struct RulesThatDeny;

/// Give no answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RulesThatAreDown;

fn applied(evaluated: &[&str]) -> AppliedRules {
    AppliedRules {
        ruleset: "test".to_owned(),
        ruleset_version: "1".to_owned(),
        evaluated: evaluated.iter().map(|&rule| rule.to_owned()).collect(),
    }
}

impl TransitionRules for RulesThatAllow {
    async fn judge(&self, _: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        Ok(Verdict::Allow(applied(&["anything-goes"])))
    }
}

impl TransitionRules for RulesThatDeny {
    async fn judge(&self, _: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        let rules = ["not-today", "not-like-this"];
        let reasons = rules.map(|rule| RuleReason { rule_id: rule.to_owned(), message: format!("The rule {rule}.") });
        Ok(Verdict::Deny { rules: applied(&rules), reasons: reasons.into() })
    }
}

impl TransitionRules for RulesThatAreDown {
    async fn judge(&self, _: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        Err(RulesUnavailable("the rules engine is down on purpose".into()))
    }
}
