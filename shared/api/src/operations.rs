//! The routes: one table that servers, documentation and tests read.

use http::Method;

/// One operation of the HTTP API.
#[derive(Debug)]
pub struct Operation {
    /// Its name everywhere: folder, package, binary and log field.
    pub name: &'static str,
    /// The same name as OpenAPI writes it.
    pub operation_id: &'static str,
    /// The method of its route.
    pub method: Method,
    /// The path of its route; a part in braces is a parameter.
    pub path: &'static str,
}

/// Creates a workflow.
pub static CREATE_WORKFLOW: Operation =
    Operation { name: "create-workflow", operation_id: "createWorkflow", method: Method::POST, path: "/workflows" };
/// Reads a workflow's state.
pub static GET_WORKFLOW_STATE: Operation = Operation {
    name: "get-workflow-state",
    operation_id: "getWorkflowState",
    method: Method::GET,
    path: "/workflows/{workflow_id}",
};
/// Moves a workflow.
pub static REQUEST_STATE_TRANSITION: Operation = Operation {
    name: "request-state-transition",
    operation_id: "requestStateTransition",
    method: Method::POST,
    path: "/workflows/{workflow_id}/transitions",
};
/// Lists workflows.
pub static LIST_WORKFLOWS: Operation =
    Operation { name: "list-workflows", operation_id: "listWorkflows", method: Method::GET, path: "/workflows" };
/// Reads a workflow's history.
pub static GET_WORKFLOW_HISTORY: Operation = Operation {
    name: "get-workflow-history",
    operation_id: "getWorkflowHistory",
    method: Method::GET,
    path: "/workflows/{workflow_id}/history",
};
/// Checks a workflow's history.
pub static VERIFY_WORKFLOW_HISTORY: Operation = Operation {
    name: "verify-workflow-history",
    operation_id: "verifyWorkflowHistory",
    method: Method::GET,
    path: "/workflows/{workflow_id}/history/verification",
};
/// Has a workflow recovered.
pub static RECOVER_WORKFLOW: Operation = Operation {
    name: "recover-workflow",
    operation_id: "recoverWorkflow",
    method: Method::POST,
    path: "/workflows/{workflow_id}/recovery",
};
/// Tells how a workflow's newest recovery is or how it ended.
pub static GET_WORKFLOW_RECOVERY: Operation = Operation {
    name: "get-workflow-recovery",
    operation_id: "getWorkflowRecovery",
    method: Method::GET,
    path: "/workflows/{workflow_id}/recovery",
};
/// Publishes a workflow's events again.
pub static REPLAY_EVENTS: Operation = Operation {
    name: "replay-events",
    operation_id: "replayEvents",
    method: Method::POST,
    path: "/workflows/{workflow_id}/replay",
};

/// Releases a workflow from quarantine.
pub static RELEASE_WORKFLOW: Operation = Operation {
    name: "release-workflow",
    operation_id: "releaseWorkflow",
    method: Method::POST,
    path: "/workflows/{workflow_id}/release",
};

/// Every operation with a route, in the order of the documentation.
pub static OPERATIONS: [&Operation; 10] = [
    &CREATE_WORKFLOW,
    &GET_WORKFLOW_STATE,
    &REQUEST_STATE_TRANSITION,
    &LIST_WORKFLOWS,
    &GET_WORKFLOW_HISTORY,
    &VERIFY_WORKFLOW_HISTORY,
    &RECOVER_WORKFLOW,
    &GET_WORKFLOW_RECOVERY,
    &REPLAY_EVENTS,
    &RELEASE_WORKFLOW,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_of_an_operation_are_the_same_words() {
        for operation in OPERATIONS {
            let words = operation.name.split('-').enumerate().map(|(place, word)| match (place, word.split_at(1)) {
                (0, _) => word.to_owned(),
                (_, (first, rest)) => first.to_uppercase() + rest,
            });
            assert_eq!(words.collect::<String>(), operation.operation_id);
        }
    }

    #[test]
    fn no_two_operations_share_a_route() {
        let mut routes: Vec<String> = OPERATIONS.iter().map(|o| format!("{} {}", o.method, o.path)).collect();
        routes.sort();
        routes.dedup();
        assert_eq!(routes.len(), OPERATIONS.len());
    }
}
