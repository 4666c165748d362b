//! What the rules are shown of a move, and what of it is stored when they allow it.

use alims_domain::json::Metadata;
use alims_domain::lifecycle::State;
use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_operations::Reading;
use alims_operations::create_workflow::{NewWorkflow, create_workflow};
use alims_operations::get_workflow_state::{Evaluating, evaluate_workflow_state};
use alims_operations::ports::{RulesUnavailable, TransitionRules};
use alims_operations::request_state_transition::{TransitionRequest, request_state_transition};
use alims_testing::builders::{a_key, at, metadata};
use alims_testing::{EverybodyMay, FixedClock, MemoryLog, RulesThatAllow};
use serde_json::json;
use std::sync::Arc;

use crate::{alice, allowing, deciding, new, to};

/// Rules that see to it that they are shown the metadata the workflow has, a sample, and the one it would have.
struct ShownSamples(&'static str, &'static str);

impl TransitionRules for ShownSamples {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        let (stored, wanted) = (question.workflow.metadata.as_object(), question.transition.metadata.as_object());
        assert_eq!((stored.get("sample"), wanted.get("sample")), (Some(&json!(self.0)), Some(&json!(self.1))));
        RulesThatAllow.judge(question).await
    }
}

fn sample(id: &str) -> Metadata {
    metadata(&json!({"sample": id}))
}

async fn created_with_a_sample() -> MemoryLog {
    let log = MemoryLog::default();
    let with = NewWorkflow { metadata: sample("S-1"), ..new("w") };
    create_workflow(&allowing(&log), &alice(), &with).await.unwrap();
    log
}

#[tokio::test]
async fn the_rules_are_shown_the_metadata_as_it_is_and_as_it_would_be() {
    let log = created_with_a_sample().await;
    let request = TransitionRequest { metadata: Some(sample("S-2").as_object().clone()), ..to(State::Active) };
    let ports = deciding(log.clone(), ShownSamples("S-1", "S-2"));
    request_state_transition(&ports, &alice(), &"w".parse().unwrap(), &request).await.unwrap();
    assert_eq!(log.entries(&a_key("w")).0[1].event.metadata, sample("S-2"));
}

#[tokio::test]
async fn a_move_that_is_only_evaluated_is_shown_with_the_metadata_that_it_would_keep() {
    let reading = Reading { store: created_with_a_sample().await, policy: Arc::new(EverybodyMay) };
    let clock = Arc::new(FixedClock::new(at(60_000)));
    let ports = Evaluating { reading, rules: ShownSamples("S-1", "S-1"), clock };
    let (_, moves) = evaluate_workflow_state(&ports, &alice(), &"w".parse().unwrap()).await.unwrap();
    assert_eq!(moves.len(), 1);
}
