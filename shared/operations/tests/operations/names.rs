//! The names that others rely on: policies, records and those who read them. Whoever changes one breaks what is stored.

use alims_domain::access::Action;
use alims_domain::hash_chain::{Break, Fault};
use alims_operations::Anomaly;
use alims_operations::ports::EndedHow;
use alims_testing::builders::version;

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

#[test]
fn the_ends_of_executions_are_named_as_in_the_records() {
    let ends = [EndedHow::Succeeded, EndedHow::Failed, EndedHow::TimedOut, EndedHow::Aborted];
    assert_eq!(
        ends.map(EndedHow::as_str),
        ["ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"]
    );
}

#[test]
fn what_a_rebuild_leaves_to_people_is_told_with_all_that_they_need_to_find_it() {
    let ahead = |head: Option<u64>| Anomaly::AheadOfLog { published: version(9), head: head.map(version) };
    for (anomaly, told) in [
        (
            Anomaly::Broken(Break { at: version(2), fault: Fault::Missing }),
            "the stored history is broken at version 2: the version is missing",
        ),
        (ahead(Some(4)), "the index says that version 9 is published, and the log ends at 4"),
        (ahead(None), "the index says that version 9 is published, and the log has no version"),
        (Anomaly::Stray, "an entry of the log that is neither a version nor a refusal of a workflow"),
        (Anomaly::NotDone("it was down".to_owned()), "could not be put in order this time: it was down"),
    ] {
        assert_eq!(anomaly.to_string(), told);
    }
}
