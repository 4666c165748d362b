//! Policies for tests, each described by one sentence.

use alims_domain::access::{AccessDecision, AccessQuestion, Action};
use alims_domain::identifiers::WorkflowType;
use alims_operations::ports::AccessPolicy;

/// Permits everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct EverybodyMay;

/// Forbids everything, because no policy permits it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NobodyMay;

/// Permits these actions and forbids all others by a policy `none-but-these`.
#[derive(Clone, Debug, Default)]
pub struct OnlyTheseMay(pub Vec<Action>);

/// Permits everything but this action, or any action if it is none, on workflows of this type: a policy `not-this-type`
/// forbids that.
#[derive(Clone, Debug)]
pub struct NotOfThisType(pub WorkflowType, pub Option<Action>);

impl AccessPolicy for NotOfThisType {
    fn decide(&self, question: &AccessQuestion<'_>) -> AccessDecision {
        let Self(workflow_type, action) = self;
        let is_forbidden = question.resource.workflow_type == Some(workflow_type)
            && action.is_none_or(|action| action == question.action);
        if is_forbidden {
            AccessDecision::Forbidden { policies: vec!["not-this-type".to_owned()] }
        } else {
            AccessDecision::Permitted { policies: vec!["all-others-may".to_owned()] }
        }
    }
}

impl AccessPolicy for EverybodyMay {
    fn decide(&self, _: &AccessQuestion<'_>) -> AccessDecision {
        AccessDecision::Permitted { policies: vec!["everybody-may".to_owned()] }
    }
}

impl AccessPolicy for NobodyMay {
    fn decide(&self, _: &AccessQuestion<'_>) -> AccessDecision {
        AccessDecision::Forbidden { policies: Vec::new() }
    }
}

impl AccessPolicy for OnlyTheseMay {
    fn decide(&self, question: &AccessQuestion<'_>) -> AccessDecision {
        if self.0.contains(&question.action) {
            AccessDecision::Permitted { policies: vec!["these-may".to_owned()] }
        } else {
            AccessDecision::Forbidden { policies: vec!["none-but-these".to_owned()] }
        }
    }
}
