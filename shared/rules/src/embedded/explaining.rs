//! Explains a verdict to authors of rules: each rule with its inputs and its result.

use alims_domain::event::AppliedRules;
use alims_domain::identifiers::WorkflowType;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RuleReason;
use alims_domain::ruling::{RulesQuestion, TransitionKind, Verdict};
use alims_operations::ports::RulesUnavailable;
use serde::Serialize;
use std::fmt;

use super::expression::{Evaluation, Expression};
use super::inputs::Input;
use super::{EmbeddedRules, Rule};

/// A verdict with its grounds. The JSON of it is for programs, its `Display` for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The kind of workflow, by which the ruleset was found.
    pub workflow_type: WorkflowType,
    /// What it is that was judged.
    pub kind: TransitionKind,
    /// The state before the transition; absent for a creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_state: Option<State>,
    /// The state after it.
    pub to_state: State,
    /// The ruleset that was evaluated, or that the lifecycle alone decides.
    pub ruleset: String,
    /// Its version.
    pub ruleset_version: String,
    /// Whether the transition is allowed.
    pub allowed: bool,
    /// Every rule of the ruleset, in the order of its file.
    pub rules: Vec<ExplainedRule>,
}

/// One rule on one move or amendment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedRule {
    /// The rule.
    pub rule_id: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The expression, as written.
    pub expression: String,
    /// Its inputs; empty when it was not evaluated.
    pub inputs: Vec<ExplainedInput>,
    /// The message for people when it is not met.
    pub message: String,
}

/// What came of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is not for this.
    NotAsked,
    /// Its expression is true.
    Met,
    /// Its expression is false.
    NotMet,
    /// Its expression has no truth on these data, which counts as not met.
    Failed,
}

/// One input of a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedInput {
    /// As the expression names it.
    pub path: String,
    /// Its value; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<serde_json::Value>,
}

impl EmbeddedRules {
    /// Judges a transition and explains it, rule by rule. The verdict equals that of the same question to the rules.
    ///
    /// # Errors
    /// The same as for the judgement itself.
    pub fn explain(&self, question: &RulesQuestion<'_>) -> Result<Explanation, RulesUnavailable> {
        let bare = |applied: AppliedRules| Explanation {
            workflow_type: question.workflow.workflow_type.clone(),
            kind: question.transition.kind(),
            from_state: question.transition.from,
            to_state: question.transition.to,
            ruleset: applied.ruleset,
            ruleset_version: applied.ruleset_version,
            allowed: true,
            rules: Vec::new(),
        };
        if let Some(Verdict::Deny { rules, reasons }) = self.known.refused(question) {
            let rules_of = reasons.into_iter().map(|reason| not_known(question, reason)).collect();
            return Ok(Explanation { allowed: false, rules: rules_of, ..bare(rules) });
        }
        let Some(ruleset) = self.rulesets.get(&question.workflow.workflow_type) else {
            return Ok(bare(AppliedRules::lifecycle_only()));
        };
        let evaluation = self.engine.on(question).map_err(|error| RulesUnavailable(Box::new(error)))?;
        let explained = |rule: &Rule| explained(&evaluation, rule, rule.applies_to(question.transition));
        let rules: Vec<ExplainedRule> = ruleset.rules.iter().map(explained).collect();
        let allowed = rules.iter().all(|rule| matches!(rule.outcome, Outcome::Met | Outcome::NotAsked));
        let applied = AppliedRules {
            ruleset: ruleset.id.clone(),
            ruleset_version: ruleset.version.clone(),
            evaluated: Vec::new(),
        };
        Ok(Explanation { allowed, rules, ..bare(applied) })
    }
}

/// The rule that the workflow type does not meet.
fn not_known(question: &RulesQuestion<'_>, RuleReason { rule_id, message }: RuleReason) -> ExplainedRule {
    let workflow_type = question.workflow.workflow_type.as_str().into();
    ExplainedRule {
        rule_id,
        outcome: Outcome::NotMet,
        cause: None,
        expression: "the workflow type is one of workflow-types.yaml or of a ruleset".to_owned(),
        inputs: vec![ExplainedInput { path: "workflow.workflow_type".to_owned(), value: Some(workflow_type) }],
        message,
    }
}

fn explained(evaluation: &Evaluation<'_>, rule: &Rule, asked: bool) -> ExplainedRule {
    let Expression { source, inputs, .. } = &rule.expression;
    let (outcome, cause) = match asked.then(|| evaluation.holds(&rule.expression)) {
        None => (Outcome::NotAsked, None),
        Some(Ok(true)) => (Outcome::Met, None),
        Some(Ok(false)) => (Outcome::NotMet, None),
        Some(Err(undecided)) => (Outcome::Failed, Some(undecided.to_string())),
    };
    let value = |input: &Input| evaluation.value(&input.node).ok().and_then(|value| value.json().ok());
    let told = |input: &Input| ExplainedInput { path: input.path.clone(), value: value(input) };
    ExplainedRule {
        rule_id: rule.id.clone(),
        outcome,
        cause,
        expression: source.trim().to_owned(),
        inputs: if asked { inputs.iter().map(told).collect() } else { Vec::new() },
        message: rule.message.clone(),
    }
}

impl Outcome {
    const fn mark(self) -> &'static str {
        match self {
            Self::NotAsked => "not asked",
            Self::Met => "met",
            Self::NotMet => "NOT MET",
            Self::Failed => "FAILED",
        }
    }
}

/// How much of a value a person is shown, in characters of JSON.
const SHOWN_CHARS_MAX: usize = 160;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.allowed { "allowed" } else { "refused" };
        match self.kind {
            TransitionKind::Amendment => {
                writeln!(f, "{} amended in {}: {verdict}", self.workflow_type, self.to_state)?;
            }
            TransitionKind::Signature => writeln!(f, "{} signed in {}: {verdict}", self.workflow_type, self.to_state)?,
            TransitionKind::Creation | TransitionKind::Move => {
                let from = self.from_state.map_or("NOTHING", State::as_str);
                writeln!(f, "{} from {from} to {}: {verdict}", self.workflow_type, self.to_state)?;
            }
        }
        writeln!(f, "by the ruleset {}, version {}", self.ruleset, self.ruleset_version)?;
        for rule in &self.rules {
            writeln!(f, "\n{:<9}  {}", rule.outcome.mark(), rule.rule_id)?;
            if rule.outcome == Outcome::NotAsked {
                continue;
            }
            for (number, line) in rule.expression.lines().enumerate() {
                writeln!(f, "  {}  {line}", if number == 0 { "rule     " } else { "         " })?;
            }
            for input in &rule.inputs {
                let shown = input.value.as_ref().map_or_else(|| "nothing is there".to_owned(), shown);
                writeln!(f, "  looked at  {} = {shown}", input.path)?;
            }
            if let Some(cause) = &rule.cause {
                writeln!(f, "  cause      {cause}")?;
            }
            if rule.outcome != Outcome::Met {
                writeln!(f, "  message    {}", rule.message)?;
            }
        }
        Ok(())
    }
}

fn shown(value: &serde_json::Value) -> String {
    let text = value.to_string();
    let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
