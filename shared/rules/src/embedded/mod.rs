//! Judges transitions in process, by rulesets of CEL expressions.
//!
//! Loading finds every error that does not depend on data. An error that only a transition's data can cause, such as a
//! missing member or a text in place of a number, leaves the rule unmet: a rule that cannot be evaluated allows
//! nothing.

mod bounding;
mod budget;
pub(crate) mod document;
mod explaining;
mod expression;
mod inputs;
mod inspection;
mod limits;
mod listing;
mod loading;
mod patterns;
mod trial;
mod variables;
mod vocabulary;

use alims_domain::event::AppliedRules;
use alims_domain::identifiers::WorkflowType;
use alims_domain::refusal::RuleReason;
use alims_domain::ruling::{RulesQuestion, Transition, Verdict};
use alims_operations::ports::{RulesUnavailable, TransitionRules};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::{Future, ready};
use std::path::PathBuf;
use std::sync::Arc;

use crate::known_types::KnownTypes;
use crate::occasion::Occasion;
use expression::{Engine, Expression};

pub use explaining::{ExplainedInput, ExplainedRule, Explanation, Outcome};

/// Why rules were not loaded. The service does not start without them.
#[derive(Debug, thiserror::Error)]
pub enum RulesInvalid {
    /// The folder or a file in it cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// There is no ruleset at all: more likely the wrong folder than an intention.
    #[error("no rulesets: there is no file *.yaml or *.yml")]
    NoRulesets,
    /// A file says something that cannot be meant.
    #[error("{file}: {}{cause}", .rule.as_ref().map(|id| format!("rule {id}: ")).unwrap_or_default())]
    Invalid {
        /// The file's name.
        file: String,
        /// The rule's id, where it is one rule's fault and it has one.
        rule: Option<String>,
        /// The error.
        cause: String,
    },
}

/// Judges by rulesets loaded once: `load` from a folder, `from_documents` from texts.
pub struct EmbeddedRules {
    engine: Engine,
    rulesets: BTreeMap<WorkflowType, Arc<Ruleset>>,
    known: KnownTypes,
}

/// The rules for some workflow types, checked.
#[derive(Debug)]
struct Ruleset {
    id: String,
    version: String,
    /// In the order of the file, which is the order of evaluation.
    rules: Vec<Rule>,
}

/// A summary of a ruleset on one line, for operators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RulesetSummary {
    /// Its id.
    pub ruleset: String,
    /// Its version.
    pub ruleset_version: String,
    /// The workflow types that it applies to.
    pub workflow_types: Vec<WorkflowType>,
    /// How many rules it has.
    pub rules: usize,
}

/// One rule, checked.
#[derive(Debug)]
struct Rule {
    id: String,
    occasions: BTreeSet<Occasion>,
    message: String,
    expression: Expression,
}

impl Rule {
    fn applies_to(&self, transition: &Transition) -> bool {
        self.occasions.contains(&Occasion::of(transition))
    }
}

/// The underlying engine has no debug output.
impl fmt::Debug for EmbeddedRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedRules")
            .field("rulesets", &self.rulesets)
            .field("known", &self.known)
            .finish_non_exhaustive()
    }
}

impl TransitionRules for EmbeddedRules {
    fn judge(&self, question: &RulesQuestion<'_>) -> impl Future<Output = Result<Verdict, RulesUnavailable>> + Send {
        // Nothing to wait for: the rules are in memory and the steps of each are bounded.
        ready(self.verdict(question))
    }
}

impl EmbeddedRules {
    fn verdict(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        if let Some(refusal) = self.known.refused(question) {
            return Ok(refusal);
        }
        let Some(ruleset) = self.rulesets.get(&question.workflow.workflow_type) else {
            return Ok(Verdict::Allow(AppliedRules::lifecycle_only()));
        };
        let mut applied = AppliedRules {
            ruleset: ruleset.id.clone(),
            ruleset_version: ruleset.version.clone(),
            evaluated: Vec::new(),
        };
        let mut reasons = Vec::new();
        let evaluation = self.engine.on(question).map_err(|error| RulesUnavailable(Box::new(error)))?;
        for rule in ruleset.rules.iter().filter(|rule| rule.applies_to(question.transition)) {
            applied.evaluated.push(rule.id.clone());
            let met = evaluation.holds(&rule.expression).unwrap_or_else(|cause| {
                let (ruleset, rule) = (&ruleset.id, &rule.id);
                tracing::warn!(request_id = question.request_id, ruleset, rule, %cause, "rule not met: it failed");
                false
            });
            if !met {
                reasons.push(RuleReason { rule_id: rule.id.clone(), message: rule.message.clone() });
            }
        }
        Ok(if reasons.is_empty() { Verdict::Allow(applied) } else { Verdict::Deny { rules: applied, reasons } })
    }
}
