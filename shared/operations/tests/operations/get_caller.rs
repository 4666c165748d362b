//! get-caller over policies in memory.

use alims_domain::access::{AccessDecision, AccessQuestion, Action};
use alims_operations::get_caller::{Caller, Ports, get_caller};
use alims_operations::ports::AccessPolicy;
use alims_testing::{EverybodyMay, NobodyMay, OnlyTheseMay};
use std::sync::Arc;

use crate::alice;

async fn permitted(policy: impl AccessPolicy + 'static) -> Vec<Action> {
    let Caller { principal, permitted } = get_caller(&Ports { policy: Arc::new(policy) }, &alice()).await;
    assert_eq!(principal, alice().principal);
    permitted
}

#[tokio::test]
async fn a_caller_gets_the_actions_that_the_policies_permit_and_an_answer_without_any() {
    assert_eq!(permitted(EverybodyMay).await, Action::ALL);
    assert_eq!(permitted(NobodyMay).await, []);
    let some = [Action::ReleaseWorkflow, Action::GetWorkflowState];
    let in_order = [Action::GetWorkflowState, Action::ReleaseWorkflow];
    assert_eq!(permitted(OnlyTheseMay(some.to_vec())).await, in_order);
}

/// Fails when it is asked as for one decision, or about anything but the tenant.
struct AboutNoWorkflow;

impl AccessPolicy for AboutNoWorkflow {
    fn decide(&self, question: &AccessQuestion<'_>) -> AccessDecision {
        panic!("{:?} would be logged", question.action)
    }

    fn decide_one_of_many(&self, question: &AccessQuestion<'_>) -> AccessDecision {
        let resource = question.resource;
        assert_eq!(resource.tenant_id, &question.principal.tenant_id);
        assert_eq!((resource.workflow_id, resource.workflow_type), (None, None));
        assert_eq!((resource.current_state, resource.created_by), (None, None));
        AccessDecision::Permitted { policies: vec!["any".to_owned()] }
    }
}

#[tokio::test]
async fn the_policies_are_asked_about_no_workflow_and_log_none_of_these_decisions() {
    assert_eq!(permitted(AboutNoWorkflow).await, Action::ALL);
}
