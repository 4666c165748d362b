//! Judges transitions with ALIMS's own PredicateLogic Engine, through its existing interface.
//!
//! The engine knows facts and rules, but no transitions, reasons or callers. So each question becomes one fact, each
//! applicable rule is evaluated against that fact only, and the fact is removed in every case.

mod applicable;
mod condition;
mod fact;
mod facts;
mod interface;

use alims_domain::event::AppliedRules;
use alims_domain::refusal::RuleReason;
use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_operations::ports::{Ids, RulesUnavailable, Rulesets, TransitionRules};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::Method;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub(crate) use applicable::Applicable;
pub use applicable::ApplicableInvalid;
use applicable::Inactive;
use condition::Unmet;
use fact::{ATTRIBUTES_BYTES_MAX, Unfit, attributes};
use facts::{Fact, Facts};
use interface::{BASE, Evaluated, Evaluation, RULES_BYTES_MAX, Rule};

use crate::http::{ANSWER_BYTES_MAX, Call, EngineFault, Line, Reach, Wanted};
use crate::occasion::Occasion;

/// The number of rules of one transition that are evaluated at the same time.
const EVALUATIONS_AT_ONCE_MAX: usize = 4;
/// The maximum length of a rule's name in a message, in characters.
const NAME_CHARS_MAX: usize = 200;
/// The maximum length of a rule's state in a message, in characters.
const STATE_CHARS_MAX: usize = 20;

/// ALIMS's own engine, and which of its rules are applicable to what.
pub struct AlimsRules {
    line: Arc<Line>,
    facts: Arc<Facts>,
    applicable: Applicable,
}

/// Why it cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum AlimsNotUsable {
    /// The file of applicable rules is invalid.
    #[error(transparent)]
    Applicable(#[from] ApplicableInvalid),
    /// The connection needs TLS, and this machine has no trusted certificate authority.
    #[error("no certificate authority to trust is installed")]
    NobodyToTrust(#[source] std::io::Error),
}

/// The engine's result for one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Met,
    Unmet,
    /// 400: the rule is not active, or the engine does not understand us.
    Rejected,
}

impl AlimsRules {
    /// The engine at this address, with the rules that `predicate-logic/applicable.yaml` in a folder names.
    ///
    /// # Errors
    /// When that file is missing or wrong, or no certificate authority is trusted.
    pub fn load(reach: Reach, rules: &Path, ids: Arc<dyn Ids>) -> Result<Self, AlimsNotUsable> {
        let applicable = Applicable::load(rules)?;
        let line = Arc::new(Line::to("alims", reach).map_err(AlimsNotUsable::NobodyToTrust)?);
        let facts = Facts::new(Arc::clone(&line), ids);
        Ok(Self { line, facts, applicable })
    }

    /// What is known here of the rules: which workflow types exist.
    pub(crate) fn rulesets(&self) -> Rulesets {
        self.applicable.rulesets()
    }

    /// Connects before the first question, and logs what keeps the rules that are named here from being met. It only
    /// logs an engine that does not answer.
    pub async fn warm(&self) {
        let Some(listed) = self.line.warm(&list()).await.and_then(|reply| reply.json::<Vec<Rule>>(200).ok()) else {
            return;
        };
        for (rule, what) in complaints(&self.applicable, &by_id(listed)) {
            tracing::warn!(rule, "the rules engine {what}");
        }
    }

    async fn asked(&self, question: &RulesQuestion<'_>) -> Result<Verdict, EngineFault> {
        if let Some(refusal) = self.applicable.known.refused(question) {
            return Ok(refusal);
        }
        let occasion = Occasion::of(question.transition);
        let rules = match self.applicable.to(&question.workflow.workflow_type, occasion) {
            None => return Ok(Verdict::Allow(AppliedRules::lifecycle_only())),
            Some([]) => return Ok(Verdict::Allow(self.applicable.applied(Vec::new()))),
            Some(rules) => rules,
        };
        let attributes = match attributes(question) {
            Ok(attributes) => attributes,
            Err(Unfit::TooLarge) => return Ok(self.too_large(rules)),
            Err(Unfit::NotJson(error)) => return Err(EngineFault::Unasked(error.into())),
        };
        self.line.authorised(|| self.judged(rules, &attributes)).await
    }

    /// Gives the fact, has each rule evaluated with it, and removes it in every case.
    async fn judged(&self, rules: &[String], attributes: &Map<String, Value>) -> Result<Verdict, EngineFault> {
        let mut given = None;
        let outcome = self
            .line
            .judgement(async {
                let fact = given.insert(self.facts.fresh().await?);
                fact.give(attributes).await?;
                let found = self.evaluated(rules, fact).await?;
                self.verdict(rules, found, fact, attributes).await
            })
            .await;
        if let Some(fact) = given {
            let answers = !outcome.as_ref().is_err_and(EngineFault::speaks_against_the_engine);
            fact.taken_out(answers).await;
        }
        outcome
    }

    /// The verdict on a question that the engine is not asked: no rule can be met, today or later. Like a rule beyond
    /// its budget in the embedded engine, that is a refusal and not a failure.
    fn too_large(&self, rules: &[String]) -> Verdict {
        let reason = |rule_id: &String| RuleReason { rule_id: rule_id.clone(), message: unjudgeable(rule_id) };
        Verdict::Deny { rules: self.applicable.applied(rules.to_vec()), reasons: rules.iter().map(reason).collect() }
    }

    /// The engine's result for each rule with one fact, in the order of the rules.
    async fn evaluated(&self, rules: &[String], fact: &Fact<'_>) -> Result<Vec<Found>, EngineFault> {
        let mut calls = Vec::with_capacity(rules.len());
        for rule_id in rules {
            calls.push(self.evaluate(rule_id, fact.id()));
        }
        stream::iter(calls).buffered(EVALUATIONS_AT_ONCE_MAX).try_collect().await
    }

    async fn evaluate(&self, rule_id: &str, fact_id: &str) -> Result<Found, EngineFault> {
        let body = serde_json::to_vec(&Evaluation { rule_id, input_facts: [fact_id] });
        let call = Call {
            method: Method::POST,
            path: format!("{BASE}/evaluate"),
            body: body.map_err(|error| EngineFault::Unasked(error.into()))?.into(),
            wanted: Wanted::Body(ANSWER_BYTES_MAX),
        };
        let reply = self.line.call(&call).await?;
        if reply.status == 400 {
            return Ok(Found::Rejected);
        }
        let evaluated: Evaluated = reply.json(reply.status.clamp(200, 201))?;
        let not_the_contract = |what: &str| Err(EngineFault::NotTheContract(what.to_owned()));
        match evaluated.result {
            _ if evaluated.rule_id != rule_id => not_the_contract("it tells of another rule"),
            Some(true) => Ok(Found::Met),
            Some(false) => Ok(Found::Unmet),
            None => not_the_contract("it has not decided a rule"),
        }
    }

    /// Asks for the rules only when there is something to tell of them. They also distinguish an inactive rule from one
    /// that the engine does not have and from a bad request: it answers 400 to all three.
    async fn verdict(
        &self,
        rules: &[String],
        found: Vec<Found>,
        fact: &Fact<'_>,
        attributes: &Map<String, Value>,
    ) -> Result<Verdict, EngineFault> {
        if found.iter().all(|found| *found == Found::Met) {
            return Ok(Verdict::Allow(self.applicable.applied(rules.to_vec())));
        }
        if found.contains(&Found::Unmet) {
            // A fact that the engine does not have meets no rule, and the engine says no more than that.
            fact.still_there().await?;
        }
        let listed = by_id(self.line.call(&list()).await?.json::<Vec<Rule>>(200)?);
        let (mut evaluated, mut reasons) = (Vec::new(), Vec::new());
        for (rule_id, found) in rules.iter().zip(found) {
            if found != Found::Met {
                let rule = listed.get(rule_id).ok_or_else(|| EngineFault::NoSuchRule(rule_id.clone()))?;
                let message = match found {
                    Found::Met | Found::Unmet => unmet(rule, attributes)?,
                    Found::Rejected if rule.is_active() => return Err(EngineFault::Status(400)),
                    Found::Rejected if self.applicable.inactive == Inactive::Skip => continue,
                    Found::Rejected => inactive(rule),
                };
                reasons.push(RuleReason { rule_id: rule_id.clone(), message });
            }
            evaluated.push(rule_id.clone());
        }
        let rules = self.applicable.applied(evaluated);
        Ok(if reasons.is_empty() { Verdict::Allow(rules) } else { Verdict::Deny { rules, reasons } })
    }
}

/// Rules in every state: the engine loses all of them when it restarts, and one that it does not have is not inactive.
fn list() -> Call {
    let (path, wanted) = (format!("{BASE}/rules"), Wanted::Body(RULES_BYTES_MAX));
    Call { method: Method::GET, path, body: Bytes::new(), wanted }
}

fn by_id(listed: Vec<Rule>) -> BTreeMap<String, Rule> {
    listed.into_iter().map(|rule| (rule.id.clone(), rule)).collect()
}

/// What keeps the applicable rules from being met, each with the rule it is about.
fn complaints<'a>(applicable: &'a Applicable, listed: &BTreeMap<String, Rule>) -> Vec<(&'a str, String)> {
    let about = |id: &'a str| match listed.get(id) {
        None => vec![(id, "has no rule of this name".to_owned())],
        Some(rule) if !rule.is_active() => vec![(id, format!("does not evaluate this rule: it is {}", rule.state))],
        Some(rule) => condition::doubts(&rule.conditions).into_iter().map(|doubt| (id, doubt)).collect(),
    };
    applicable.rules().into_iter().flat_map(about).collect()
}

fn unmet(rule: &Rule, attributes: &Map<String, Value>) -> Result<String, EngineFault> {
    let what = match condition::unmet(&rule.conditions, attributes) {
        Unmet::These(conditions) => format!(": {conditions}"),
        Unmet::Unknown => String::new(),
        Unmet::None => return Err(EngineFault::FactLost),
    };
    let name: String = rule.name.chars().take(NAME_CHARS_MAX).collect();
    Ok(format!("The rule \"{name}\" of the PredicateLogic Engine is not met{what}."))
}

fn inactive(rule: &Rule) -> String {
    let cure = if rule.is_draft() {
        "Activate it"
    } else {
        // The engine makes no rule active a second time.
        "Create it again under a new id, name that"
    };
    format!(
        "The rule {} is {} in the PredicateLogic Engine, so nothing meets it. {cure}, or remove it from the rules that \
         apply to this transition.",
        rule.id,
        rule.state.chars().take(STATE_CHARS_MAX).collect::<String>()
    )
}

fn unjudgeable(rule_id: &str) -> String {
    format!(
        "The rule {rule_id} cannot be evaluated: the attributes for the PredicateLogic Engine exceed \
         {ATTRIBUTES_BYTES_MAX} bytes. Use fewer or shorter names in metadata and validation_context."
    )
}

impl TransitionRules for AlimsRules {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        self.asked(question).await.map_err(|fault| RulesUnavailable(fault.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_keeps_a_rule_from_being_met_is_known_at_the_start() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
        let applicable = Applicable::load(&shipped).expect("a file");
        let rule = |id: &str, state: &str, operator: &str| -> Rule {
            let conditions = json!([
                {"field": "actor.id", "operator": operator, "value": "bob"},
                {"field": "actor.roles", "operator": "CONTAINS", "value": "supervisor"},
                {"field": "transition.reason", "operator": "CONTAINS", "value": "supervisor"}
            ]);
            serde_json::from_value(json!({"id": id, "name": id, "state": state, "conditions": conditions}))
                .expect("one")
        };
        let listed = vec![
            rule("instrument-calibrated", "ACTIVE", "IN_SET"),
            rule("results-reviewed", "INACTIVE", "EQUALS"),
            rule("of-another", "DRAFT", "IN_SET"),
        ];
        let told = complaints(&applicable, &by_id(listed));
        let told: Vec<(&str, &str)> = told.iter().map(|(id, what)| (*id, what.as_str())).collect();
        let expected = [
            ("cancellation-approved", "has no rule of this name"),
            ("instrument-calibrated", "never finds IN_SET met, and the rule asks that of actor.id"),
            (
                "instrument-calibrated",
                "finds CONTAINS met by a part of another role's name: ask for actor.role.supervisor EQUALS true",
            ),
            ("results-reviewed", "does not evaluate this rule: it is INACTIVE"),
        ];
        assert_eq!(told, expected);
    }
}
