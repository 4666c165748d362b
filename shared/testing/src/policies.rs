//! Policies for tests, each described by one sentence.

use alims_domain::access::{AccessDecision, AccessQuestion, Action};
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
