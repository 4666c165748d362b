//! The current state of a workflow, with its quarantines and, on request, its transitions evaluated.

use alims_domain::event::AppliedRules;
use alims_edge::answer::Answer;
use alims_edge::problem::Problem;
use alims_edge::wire::{EvaluatedTransition, QuarantineNotice, RulesVerdict, WorkflowState};
use alims_operations::RuleViolation;
use alims_operations::get_workflow_state::{EvaluatedMove, RulesAnswer, WorkflowNow};
use std::error::Error;

/// The state of a workflow.
///
/// # Errors
/// [`Problem::Internal`] when the body has no JSON, which is a bug.
pub fn state(now: WorkflowNow) -> Result<Answer, Problem> {
    let version = now.workflow.version;
    Ok(Answer::ok(&state_of(now))?.at_version(version))
}

/// The state of a workflow with its transitions evaluated. The reason for a missing verdict goes to the log only.
///
/// # Errors
/// [`Problem::Internal`] when the body has no JSON, which is a bug.
pub fn evaluated(now: WorkflowNow, moves: Vec<EvaluatedMove>) -> Result<Answer, Problem> {
    let version = now.workflow.version;
    for judged in &moves {
        if let RulesAnswer::Unavailable(unavailable) = &judged.rules {
            let target_state = judged.target_state.as_str();
            let error = unavailable.source().map(ToString::to_string);
            tracing::warn!(workflow_id = %now.workflow.key.workflow_id, target_state, error, "no verdict beforehand");
        }
    }
    let evaluated_transitions = Some(moves.into_iter().map(transition_of).collect());
    let state = WorkflowState { evaluated_transitions, ..state_of(now) };
    Ok(Answer::ok(&state)?.at_version(version))
}

fn state_of(now: WorkflowNow) -> WorkflowState {
    let quarantines = now.quarantines.into_iter().map(QuarantineNotice::from).collect();
    let state = WorkflowState::from(now.workflow);
    // What is offered here must not be refused with 423 by the next request.
    let allowed_transitions = if now.makes_no_transition { Vec::new() } else { state.allowed_transitions };
    WorkflowState { allowed_transitions, passed_over_version: now.passed_over, quarantines, ..state }
}

fn transition_of(judged: EvaluatedMove) -> EvaluatedTransition {
    let EvaluatedMove { target_state, access, rules } = judged;
    let bare = EvaluatedTransition {
        target_state,
        permitted: access.is_ok(),
        forbidden_by: access.err().map(|forbidden| forbidden.policies),
        rules: RulesVerdict::Unavailable,
        reasons: None,
        ruleset: None,
        ruleset_version: None,
    };
    match rules {
        RulesAnswer::Unavailable(_) => bare,
        RulesAnswer::NotAsked => EvaluatedTransition { rules: RulesVerdict::NotAsked, ..bare },
        RulesAnswer::Allow(AppliedRules { ruleset, ruleset_version, .. }) => EvaluatedTransition {
            rules: RulesVerdict::Allow,
            ruleset: Some(ruleset),
            ruleset_version: Some(ruleset_version),
            ..bare
        },
        RulesAnswer::Deny(RuleViolation { reasons, ruleset, ruleset_version }) => EvaluatedTransition {
            rules: RulesVerdict::Deny,
            reasons: Some(reasons),
            ruleset: Some(ruleset),
            ruleset_version: Some(ruleset_version),
            ..bare
        },
    }
}
