//! Judges transitions with ALIMS's own PredicateLogic Engine, through its existing interface.
//!
//! The engine knows facts and rules, but no transitions, reasons or callers. So each question becomes one fact, each
//! applicable rule is evaluated against that fact only, and the fact is removed in every case.

mod applicable;
mod fact;
mod facts;
mod interface;

use alims_domain::event::AppliedRules;
use alims_domain::refusal::RuleReason;
use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_operations::ports::{Ids, RulesUnavailable, TransitionRules};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::Method;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub use applicable::ApplicableInvalid;
use applicable::{Applicable, Inactive};
use fact::attributes;
use facts::{Fact, Facts};
use interface::{ActiveRule, BASE, Evaluated, Evaluation, RULES_BYTES_MAX};

use crate::http::{ANSWER_BYTES_MAX, Call, EngineFault, Line, Reach};

/// The number of rules of one transition that are evaluated at the same time.
const EVALUATIONS_AT_ONCE_MAX: usize = 4;
/// The maximum length of a rule's name in a message, in characters.
const NAME_CHARS_MAX: usize = 200;

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

    /// Connects before the first question, and logs the rules that are named here but not active in the engine. It only
    /// logs an engine that does not answer.
    pub async fn warm(&self) {
        let Some(active) = self.line.warm(&list()).await.and_then(|reply| reply.json::<Vec<ActiveRule>>(200).ok())
        else {
            return;
        };
        let active = names(active);
        for rule in self.applicable.rules().into_iter().filter(|rule| !active.contains_key(*rule)) {
            tracing::warn!(rule, "the rules engine has no active rule of this name");
        }
    }

    async fn asked(&self, question: &RulesQuestion<'_>) -> Result<Verdict, EngineFault> {
        if let Some(refusal) = self.applicable.known.refused(question) {
            return Ok(refusal);
        }
        let moved = (question.transition.from, question.transition.to);
        let rules = match self.applicable.to(&question.workflow.workflow_type, moved) {
            None => return Ok(Verdict::Allow(AppliedRules::lifecycle_only())),
            Some([]) => return Ok(Verdict::Allow(self.applicable.applied(Vec::new()))),
            Some(rules) => rules,
        };
        let attributes = attributes(question).map_err(|error| EngineFault::Unasked(error.into()))?;
        let mut given = None;
        let outcome = self
            .line
            .judgement(async {
                let fact = given.insert(self.facts.fresh().await?);
                let reply = self.line.call(&fact.giving(attributes)?).await?;
                fact.has_arrived();
                if reply.status >= 300 {
                    return Err(EngineFault::Status(reply.status));
                }
                self.verdict(rules, self.evaluated(rules, fact).await?).await
            })
            .await;
        if let Some(fact) = given {
            fact.taken_out(outcome.is_ok()).await;
        }
        outcome
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
            answer_bytes_max: ANSWER_BYTES_MAX,
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

    /// Requests names only when a message needs them. They also distinguish an inactive rule from a bad request: the
    /// engine answers 400 to both.
    async fn verdict(&self, rules: &[String], found: Vec<Found>) -> Result<Verdict, EngineFault> {
        if found.iter().all(|found| *found == Found::Met) {
            return Ok(Verdict::Allow(self.applicable.applied(rules.to_vec())));
        }
        let active = names(self.line.call(&list()).await?.json::<Vec<ActiveRule>>(200)?);
        let (mut evaluated, mut reasons) = (Vec::new(), Vec::new());
        for (rule_id, found) in rules.iter().zip(found) {
            let name = active.get(rule_id.as_str());
            let message = match found {
                Found::Met => None,
                Found::Unmet => Some(unmet(rule_id, name)),
                Found::Rejected if name.is_some() => return Err(EngineFault::Status(400)),
                Found::Rejected => match self.applicable.inactive {
                    Inactive::Skip => continue,
                    Inactive::Refuse => Some(inactive(rule_id)),
                },
            };
            evaluated.push(rule_id.clone());
            reasons.extend(message.map(|message| RuleReason { rule_id: rule_id.clone(), message }));
        }
        let rules = self.applicable.applied(evaluated);
        Ok(if reasons.is_empty() { Verdict::Allow(rules) } else { Verdict::Deny { rules, reasons } })
    }
}

fn list() -> Call {
    Call {
        method: Method::GET,
        path: format!("{BASE}/rules?state=ACTIVE"),
        body: Bytes::new(),
        answer_bytes_max: RULES_BYTES_MAX,
    }
}

fn names(active: Vec<ActiveRule>) -> BTreeMap<String, String> {
    active.into_iter().map(|rule| (rule.id, rule.name)).collect()
}

fn unmet(rule_id: &str, name: Option<&String>) -> String {
    let name: String = name.map_or(rule_id, String::as_str).chars().take(NAME_CHARS_MAX).collect();
    format!("The rule \"{name}\" of the PredicateLogic Engine is not met.")
}

fn inactive(rule_id: &str) -> String {
    format!(
        "The rule {rule_id} is not active in the PredicateLogic Engine. Have it activated, or taken out of what is \
         applicable to this move."
    )
}

impl TransitionRules for AlimsRules {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        self.asked(question).await.map_err(|fault| RulesUnavailable(fault.into()))
    }
}
