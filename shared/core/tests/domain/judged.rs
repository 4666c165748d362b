//! What the rules are shown of a move, and what of it is stored when they allow it.

use alims_core::lifecycle::State;
use alims_core::operations::create_workflow::{NewWorkflow, create_workflow};
use alims_core::operations::request_state_transition::{TransitionRequest, request_state_transition};
use alims_core::ports::{RulesQuestion, RulesUnavailable, TransitionRules, Verdict};
use alims_testing::builders::{a_key, metadata};
use alims_testing::{MemoryLog, RulesThatAllow};
use serde_json::json;

use crate::{alice, allowing, deciding, new, to};

/// Rules that see to it that they are shown the metadata the workflow would have.
struct ShownMetadata;

impl TransitionRules for ShownMetadata {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        let (stored, wanted) = (question.workflow.metadata.as_object(), question.transition.metadata.as_object());
        assert_eq!((stored.get("sample"), wanted.get("sample")), (Some(&json!("S-1")), Some(&json!("S-2"))));
        RulesThatAllow.judge(question).await
    }
}

#[tokio::test]
async fn the_rules_are_shown_the_metadata_as_it_is_and_as_it_would_be() {
    let log = MemoryLog::default();
    let sample = |id: &str| metadata(&json!({"sample": id}));
    let with = NewWorkflow { metadata: sample("S-1"), ..new("w") };
    create_workflow(&allowing(&log), &alice(), &with).await.unwrap();
    let request = TransitionRequest { metadata: Some(sample("S-2").as_object().clone()), ..to(State::Active) };
    let ports = deciding(log.clone(), ShownMetadata);
    request_state_transition(&ports, &alice(), &"w".parse().unwrap(), &request).await.unwrap();
    assert_eq!(log.entries(&a_key("w")).0[1].event.metadata, sample("S-2"));
}
