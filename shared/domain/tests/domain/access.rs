//! The names of the actions, which policies rely on.

use alims_domain::access::Action;

#[test]
fn the_actions_are_named_as_in_the_policies() {
    assert_eq!(
        Action::ALL.map(Action::as_str),
        [
            "createWorkflow",
            "getWorkflowState",
            "listWorkflows",
            "getWorkflowHistory",
            "getWorkflowRefusals",
            "verifyWorkflowHistory",
            "activateWorkflow",
            "pauseWorkflow",
            "completeWorkflow",
            "failWorkflow",
            "cancelWorkflow",
            "recoverWorkflow",
            "getWorkflowRecovery",
            "replayEvents",
            "releaseWorkflow",
        ]
    );
}
